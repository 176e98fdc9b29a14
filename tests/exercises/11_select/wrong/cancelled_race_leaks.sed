# Expect: but they were not dropped with it
/future_drop(self->child\[[01]\])/d
s/^    struct race \*self = (struct race \*)future;/&\
    (void)self;/
