# Expect: It used memory
/^void handle_drop/,/^}/ {
    s/task_release(task);/free(task);/
}
