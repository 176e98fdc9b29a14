# Expect: line 18 says Assertion 'order == "B A A"' failed
s/"A B A"/"B A A"/
