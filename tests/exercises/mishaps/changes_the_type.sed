# Expect: conflicting types for
s/^struct future \*countdown(int from)/struct future *countdown(char from)/
