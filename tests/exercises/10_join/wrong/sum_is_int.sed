# Expect: A, B and C were ready with 9223372036854775802, 2 and 3, and join was ready
/^    intptr_t sum;              \/\/ of the values of those that were ready$/c\
    int sum;              // of the values of those that were ready
