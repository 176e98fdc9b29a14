# The count is the other way round, and begins when there is something to count.
s/^    if (channel->in_a_row++ == BUDGET) {/    if (channel->in_a_row < BUDGET) channel->in_a_row++;\
    else {/
