# Expect: has called read 1000 times in one poll
s/^    if (read(\(.*\)) > 0) return.*/    while (read(\1) == -1) {\
    }\
    return POLL_READY(ticks);/
