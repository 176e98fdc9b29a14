# Expect: It used memory
/children\[i\] = NULL;/d
