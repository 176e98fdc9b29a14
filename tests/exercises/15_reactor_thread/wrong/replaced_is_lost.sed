# Expect: B has registered in the place of A, and 1 waker of A and 1 of B are kept,
/^struct poll reactor_register/,/^}/ {
    /waker_drop(&replaced)/d
}
