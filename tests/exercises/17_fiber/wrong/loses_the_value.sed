# Expect: fiber_await returned 0, and the future was ready with 30
s/if (poll.ready) return poll.value;/if (poll.ready) return 0;/
