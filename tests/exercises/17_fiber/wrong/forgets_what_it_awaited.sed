# Expect: What it awaited was dropped 0 times
/^    future_drop(future);/d
