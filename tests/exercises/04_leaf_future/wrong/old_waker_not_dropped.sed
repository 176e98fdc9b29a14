# Expect: the clone of A's waker is lost
/^        waker_drop(&self->waker);/d
