# Expect: The two futures were ready with 3 and 4, and the sum was ready with 4
s/^        self->a = poll.value;.*/        intptr_t a = poll.value;/
s/self->second(self->a)/self->second(a)/
