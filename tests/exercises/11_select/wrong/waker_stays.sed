# Expect: receive_drop must deregister
s/^    reactor_deregister_waker.*/    (void)future;/
