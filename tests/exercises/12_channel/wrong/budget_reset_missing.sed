# Expect: The receive was ready with 9 values in a row: after BUDGET, which is 8, one
38d
