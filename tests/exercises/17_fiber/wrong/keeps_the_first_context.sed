# Expect: It used the context, or the waker in it, after the poll had ended
s/^    self->cx = cx;/    if (self->cx == NULL) self->cx = cx;/
