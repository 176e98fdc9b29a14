# Expect: the clone of A's waker is lost
/of a task that does not wait here/d
