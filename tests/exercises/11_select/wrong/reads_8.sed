# Expect: receive was pending for the second message, which was there
/^                         sizeof(inbox->bytes) - inbox->have);$/c\
                         sizeof(inbox->bytes));
