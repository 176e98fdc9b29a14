# Expect: was polled after it was ready
s/return poll.value/return future_poll(future, \&cx).value/
/^    future_drop/d
