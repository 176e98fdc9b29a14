# Expect: does not define countdown, which is called
1,$d
