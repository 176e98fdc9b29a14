# Expect: 9223372036854775807, and handle_join returned
/^intptr_t handle_join/,/^}/ {
    s/intptr_t value/int value/
}
