# Expect: handle_drop calls task_release
/^void handle_drop/,/^}/ {
    /task_release/d
}
