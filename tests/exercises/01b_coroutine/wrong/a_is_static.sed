# Expect: one has added the first value of the other
s/^static struct poll sum_poll/static intptr_t a;\
&/
s/self->a/a/g
