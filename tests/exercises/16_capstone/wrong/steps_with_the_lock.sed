# Expect: step was called with a lock held: it polls a task, which may wake another,
/^struct poll executor_poll/,/^}/ {
    s/^    while (step()) {/    pthread_mutex_lock(\&lock);\
&/
    s/^    return/    pthread_mutex_unlock(\&lock);\
&/
}
