# Expect: A to be polled again, after wake number 1.
/pthread_cond_signal/d
