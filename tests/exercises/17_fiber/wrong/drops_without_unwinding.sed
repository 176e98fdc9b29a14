# Expect: function has come to its end 0 times
/^    self->dropped = true;/d
s/^    if (self->stack != NULL) fiber_enter(self);/    self->stack = NULL;/
