# Expect: 40 pipes can be read, or have come to their end, and after so many turns
/^    for (int i = 0; i < n; i++) {$/c\
    if (n > 0) {\
        int i = 0;
