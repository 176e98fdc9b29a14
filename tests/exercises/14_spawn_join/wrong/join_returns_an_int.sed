# Expect: The output of a task is
/^intptr_t handle_join/,/^}/ {
    s/intptr_t value/int value/
}
