# Expect: on a timerfd that makes the reader wait
s/TFD_NONBLOCK | //
