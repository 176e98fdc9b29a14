# Expect: A clock that ticks every hour was ready at once
/^    if (sub->fd == -1) {$/c\
    if (sub->fd <= 0) {
