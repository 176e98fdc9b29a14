# Expect: and tick_poll was ready with 5: it is ready with what read gives
s/POLL_READY(ticks)/POLL_READY((int)ticks)/
