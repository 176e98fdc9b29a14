# Expect: handle_drop calls task_release
/^intptr_t handle_join/,/^}/ {
    /^    future_drop/d
}
