# Expect: handle_drop calls task_release
/^void handle_drop/,/^}/ {
    s/task_release(task);/free(task);/
}
