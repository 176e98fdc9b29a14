# Expect: 0 and 5, and join was ready with 9
/^static struct poll join_poll/,/^}/ {
    s/^    struct join \*self.*/&\
    static intptr_t sum;/
    s/self->sum += /sum += /
    s/^    return POLL_READY(self->sum);/    self->sum = sum;\
    sum = 0;\
&/
}
