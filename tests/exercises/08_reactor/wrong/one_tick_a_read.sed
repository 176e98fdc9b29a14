# Expect: Three ticks or more had passed before the ticker was polled, and tick_poll
s/POLL_READY(ticks)/POLL_READY(1)/
