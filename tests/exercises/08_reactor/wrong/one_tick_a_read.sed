# Expect: and tick_poll was ready with 1: it is ready with what read gives
s/POLL_READY(ticks)/POLL_READY(1)/
