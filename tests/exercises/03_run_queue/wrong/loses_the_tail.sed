# Expect: The order of the polls was: A C.
s/^    tail = task;/    if (head == task) tail = task;/
