s/^    self->value = self->function(self->arg);/&\
    self->stack = NULL;/
s/^    if (stack_enter(self->stack)) self->stack = NULL;/    stack_enter(self->stack);/
