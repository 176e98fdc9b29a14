# Expect: its waker was lost when the new one took its place
s/^        waker = older;/        waker = older, waker.vtable = NULL;/
