# Expect: It hung, asleep: no thread was left that could run, while the check waited
/pthread_cond_signal/d
