# Expect: twice: when the future had read the end, and again
/\*fd = -1;/d
