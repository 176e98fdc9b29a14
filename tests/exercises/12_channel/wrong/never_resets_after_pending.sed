# Expect: in a row. It may take BUDGET
49d
