# Expect: it lost the others
s/POLL_READY(ticks)/POLL_READY(1)/
