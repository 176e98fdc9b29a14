# Expect: when it is run again
s/^void add_tests/static int runs;\
\
&/
s/^    tcase_add_test(cases\[4\], wakers_count);/&\
    runs++;/
s/^START_TEST(wakers_count)/static int runs;\
&/
s/tasks_alive(), 1/runs, 1/
