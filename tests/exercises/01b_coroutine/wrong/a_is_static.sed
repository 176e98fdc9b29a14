# Expect: were ready with 1099511627776 and -120, and the sum was ready with -120
s/^static struct poll sum_poll/static int a;\
&/
s/self->a/a/g
