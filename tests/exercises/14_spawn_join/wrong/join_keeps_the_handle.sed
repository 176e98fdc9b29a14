# Expect: handle_join returned and has not dropped the handle
/^intptr_t handle_join/,/^}/ {
    /^    future_drop/d
}
