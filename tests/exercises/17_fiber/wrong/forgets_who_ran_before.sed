# Expect: is `running` this one again?
s/^    running = outer;/    running = NULL;/
/^    struct fiber \*outer = running;/d
