# Expect: after wake number 1, which came during its poll
/parker->woken = false/d
s/^        while (!parker->woken)/        parker->woken = false;\
&/
