# Expect: B was woken by an event that is not its own
/generation != /d
