# Expect: The reactor's thread has had time for B to be woken, whose pipe can be
/^struct poll reactor_register/,/^}/ {
    s/{ .events = events }/{ .events = EPOLLIN }/
}
