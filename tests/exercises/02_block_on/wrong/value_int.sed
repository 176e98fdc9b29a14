# Expect: block_on returned -1, but A was ready with 9223372036854775807
/^    }$/a\
    int value = (int)poll.value;
/^    return poll\.value;$/c\
    return value;
