# Expect: Descriptor 0 was deregistered, and the waker is kept: 0 is a descriptor
46a\
    if (fd <= 0) return;
