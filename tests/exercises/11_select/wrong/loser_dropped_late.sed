# Expect: was dropped only with the race
/child\[1 - i\]/d
