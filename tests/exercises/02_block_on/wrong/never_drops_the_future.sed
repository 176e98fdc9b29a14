# Expect: The future A was never dropped: whoever takes a future over drops it when
/^    future_drop/d
