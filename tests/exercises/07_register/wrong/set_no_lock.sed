# Expect: flag_set looked at flag->waker without the lock
27d
29d
