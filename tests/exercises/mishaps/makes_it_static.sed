# Expect: does not define countdown, which is called
s/^struct future \*countdown(int from)/static &/
