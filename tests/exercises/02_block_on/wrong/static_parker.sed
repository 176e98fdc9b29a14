# Expect: Each call needs a parker of its own
/^    if (--((struct parker \*)data)->refs == 0) free(data);$/c\
    --((struct parker *)data)->refs;
/^    struct parker \*parker = box_new(sizeof(\*parker));$/c\
    static struct parker the_parker;\
    struct parker *parker = &the_parker;
