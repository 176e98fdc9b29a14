# Expect: A drop function releases what its struct owns, and not the struct itself
s/^struct future \*countdown(int from)/static void countdown_drop(struct future *future)\
{\
    free(future);\
}\
\
&/
s/NULL };/countdown_drop };/
