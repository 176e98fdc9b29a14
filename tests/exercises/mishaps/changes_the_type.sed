# Expect: conflicting types for 'countdown'
s/^struct future \*countdown(int from)/struct future *countdown(char from)/
