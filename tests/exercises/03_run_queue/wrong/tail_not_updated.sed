# Expect: It did what C does not define
/^    tail = task;$/d
