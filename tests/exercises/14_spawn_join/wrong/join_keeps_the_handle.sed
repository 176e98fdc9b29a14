# Expect: still in memory
/^intptr_t handle_join/,/^}/ {
    /^    future_drop/d
}
