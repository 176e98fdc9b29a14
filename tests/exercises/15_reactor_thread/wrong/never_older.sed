# Expect: An event was fetched for A. Before the reactor looked at it, A was gone and
/^static struct waker take/,/^}/ {
    /generation/d
}
