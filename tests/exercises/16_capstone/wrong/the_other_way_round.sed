# Expect: executor_poll has returned with 39 tasks in the queue: nobody may ever tell
/^struct poll executor_poll/,/^}/ {
    s/^    while (step()) {/    while (!step()) {/
}
