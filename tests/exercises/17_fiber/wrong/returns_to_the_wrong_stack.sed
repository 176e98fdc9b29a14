# Expect: stack_leave was called for a stack on which nobody runs now
/^    running = outer;/d
s/^    struct fiber \*outer = running;//
s/stack_leave(self->stack)/stack_leave(running->stack)/
