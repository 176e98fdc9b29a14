# Expect: It hung, asleep
/^intptr_t handle_join/,/^}/ {
    s/^    while (!task->output.ready) pthread/    pthread/
}
