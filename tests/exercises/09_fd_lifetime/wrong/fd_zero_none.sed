# Expect: release has returned, but has not closed descriptor
/^    if (\*fd < 0) return;$/c\
    if (*fd <= 0) return;
