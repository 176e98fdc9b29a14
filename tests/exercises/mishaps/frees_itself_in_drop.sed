# Expect: what is no memory from malloc. A future is given back with future_drop
s/^struct future \*countdown(int from)/static void countdown_drop(struct future *future)\
{\
    free(future);\
}\
\
&/
s/NULL };/countdown_drop };/
