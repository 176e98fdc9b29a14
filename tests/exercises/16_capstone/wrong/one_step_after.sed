# Expect: 39 of them were not polled, and executor_notify has found no waker
s/^    struct waker replaced/    while (step()) {\
    }\
&/
/^    waker_drop(&replaced);/,/^    }/{
s/^    while (step()) {/    step();/
/^    }/d
}
