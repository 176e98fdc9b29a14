# Expect: and not the pointers to them
s/^    bool rung;/&\
    const struct waker *seen; \/\/ in the last poll/
s/if (!will_wake.*/if (self->seen != cx->waker) {\
        self->seen = cx->waker;/
