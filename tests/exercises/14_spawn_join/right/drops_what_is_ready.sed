# If the output is there, no waker is left.
s/^    struct waker replaced = task->joiner;/    if (output.ready) {\
        pthread_mutex_unlock(\&task->lock);\
        waker_drop(\&latest);\
        return output;\
    }\
&/
