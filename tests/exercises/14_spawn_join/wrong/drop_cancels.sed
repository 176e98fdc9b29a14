# Expect: It used memory
/^void handle_drop/,/^}/ {
    s/^    task_release(task);/&\
    if (!task->output.ready) task_release(task);/
}
