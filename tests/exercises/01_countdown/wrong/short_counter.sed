# Expect: countdown(70000) was ready at poll number 4465 instead of 70001
/^    int from, left;$/c\
    int from;\
    short left;
