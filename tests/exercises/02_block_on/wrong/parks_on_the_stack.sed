# Expect: a function that had returned
s/^    struct parker \*parker = box_new.*$/    struct parker place, *parker = \&place;/
s/ free(data);/ {}/
