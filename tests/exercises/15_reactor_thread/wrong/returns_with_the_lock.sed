# Expect: reactor_deregister returned with the lock held: whoever wants it next waits
/^void reactor_deregister/,/^}/ {
    s/^    struct waker waker = .*/    if (sources[fd].waker.vtable == NULL) return;\
&/
}
