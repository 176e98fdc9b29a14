# Expect: An event was fetched for A. Before the reactor looked at it, A was gone and
/^void reactor_loop/,/^}/ {
    s/^        if (sources.*/        if (sources[fd].waker.vtable != NULL)/
}
