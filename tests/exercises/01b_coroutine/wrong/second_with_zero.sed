# Expect: The first future was ready with 3, and the second was made with 0
/^        self->child = self->second(self->a);$/c\
        self->child = self->second(0);
