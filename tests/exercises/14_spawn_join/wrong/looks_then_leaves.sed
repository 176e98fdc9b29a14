# Expect: Leave the waker and look in one step
/^struct poll handle_poll/,/^}/ {
    s/^    struct waker replaced = .*/    pthread_mutex_unlock(\&task->lock);\
    if (output.ready) {\
        waker_drop(\&latest);\
        return output;\
    }\
    pthread_mutex_lock(\&task->lock);\
&/
}
