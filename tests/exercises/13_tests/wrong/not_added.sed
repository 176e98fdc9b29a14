# Expect: There is no test for this executor
/tcase_add_test(cases\[2\]/d
