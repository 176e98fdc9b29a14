# Expect: receive was ready for the second message, which was there with the value
/^    inbox->have = 0;$/d
