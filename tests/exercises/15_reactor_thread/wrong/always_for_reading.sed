# Expect: The reactor's thread has three seconds for B to be woken, whose pipe can be
/^struct poll reactor_register/,/^}/ {
    s/{ .events = events }/{ .events = EPOLLIN }/
}
