# Expect: A wake has a task polled there
/^START_TEST(done_is_done)/,/^END_TEST/ {
    s/"r"/"kr"/
    s/run(10), 0/run(10), 1/
}
