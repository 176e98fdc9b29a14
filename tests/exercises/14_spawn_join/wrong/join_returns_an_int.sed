# Expect: handle_join returned
/^intptr_t handle_join/,/^}/ {
    s/intptr_t value/int value/
}
