# Expect: The second future was made before the first was ready
s/^    self->child = first;/&\
    future_drop(second(0));/
