# Expect: in a row. It may take BUDGET
/^        channel->in_a_row = 0;/ {
    x
    s/^/x/
    /^xx/ {
        x
        d
    }
    x
}
