# Expect: A task that wakes itself in its poll is not polled again there
/^START_TEST(wake_during_poll)/,/^END_TEST/ {
    s/^    spawn.*/    struct puppet *a = spawn("A", "kr");\
    run(10);\
    wake(a);/
    s/run(10), 2/run(10), 1/
}
