# Expect: handle_join returned
/^intptr_t handle_join/,/^}/ {
    s/while (!task->output.ready) pthread/if (!task->output.ready) pthread/
}
