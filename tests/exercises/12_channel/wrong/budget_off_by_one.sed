# Expect: in a row. It may take BUDGET
/^    if (channel->in_a_row++ == BUDGET) {$/c\
    if (++channel->in_a_row == BUDGET) {
