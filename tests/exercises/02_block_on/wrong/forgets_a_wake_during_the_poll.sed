# Expect: It hung, asleep: no thread was left that could run, while the check waited
/parker->woken = false/d
s/^        while (!parker->woken)/        parker->woken = false;\
&/
