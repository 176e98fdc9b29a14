# Expect: flag_set changed flag->waker without the lock. Another thread may look at
27d
29d
