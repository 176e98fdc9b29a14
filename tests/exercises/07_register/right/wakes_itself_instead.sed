# The second look may also wake what was just kept, and be pending.
s/^    return flag->set ? .*/    if (flag->set) flag_set(flag);\
    return POLL_PENDING;/
s/^struct poll flag_wait_poll/void flag_set(struct flag *flag);\
\
&/
