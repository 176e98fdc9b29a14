# Expect: That is busy-polling
s/^        stack_leave(self->stack);/        continue;/
