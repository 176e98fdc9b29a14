# Expect: were ready with 1099511627776
s/^static struct poll sum_poll/static int a;\
&/
s/self->a/a/g
