# Expect: called at tests/exercises/16_capstone/06_wake.c
# Part: 06_wake
/queue_lock();/d
/queue_unlock();/d
