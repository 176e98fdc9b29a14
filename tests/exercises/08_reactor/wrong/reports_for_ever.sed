# Expect: would spin until B is polled
s/ | EPOLLONESHOT//
