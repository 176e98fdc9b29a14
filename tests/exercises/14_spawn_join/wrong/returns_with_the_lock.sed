# Expect: returned with the lock held
/^struct poll handle_poll/,/^}/ {
    s/^    struct waker replaced = .*/    if (output.ready) {\
        waker_drop(\&latest);\
        return output;\
    }\
&/
}
