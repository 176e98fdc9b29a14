# Expect: join was dropped, and with it
/for .*future_drop/s/.*/    (void)self;/
