# Expect: B has taken the place of A, and A was woken
/^struct poll reactor_register/,/^}/ {
    s/waker_drop(&replaced)/waker_wake(\&replaced)/
}
