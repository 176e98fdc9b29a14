# Expect: executor_poll has returned with 24 tasks in the queue: nobody may ever tell
/^struct poll executor_poll/,/^}/ {
    s/^    while (step()) {/    for (int i = 0; i < 16 \&\& step(); i++) {/
}
