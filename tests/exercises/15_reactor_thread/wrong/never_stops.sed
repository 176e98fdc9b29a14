# Expect: It did what C does not define
/^void reactor_loop/,/^}/ {
    /REACTOR_STOP/d
}
