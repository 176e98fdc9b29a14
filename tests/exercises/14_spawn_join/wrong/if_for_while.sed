# Expect: while, and not if, around pthread_cond_wait
/^intptr_t handle_join/,/^}/ {
    s/while (!task->output.ready) pthread/if (!task->output.ready) pthread/
}
