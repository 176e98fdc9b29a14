# Expect: What was read stays in the inbox
s/^    reactor_deregister_waker.*/&\
    ((struct receive *)future)->inbox->have = 0;/
