# Expect: of the second with it, which are lost. Read no more than this
/^                         sizeof(inbox->bytes) - inbox->have);$/c\
                         sizeof(inbox->bytes));
