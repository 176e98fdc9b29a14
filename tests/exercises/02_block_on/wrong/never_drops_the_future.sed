# Expect: The future A was never dropped
/^    future_drop/d
