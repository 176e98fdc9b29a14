# Expect: it stopped at a child that was pending
s/if (!poll.ready) continue;/if (!poll.ready) return POLL_PENDING;/
