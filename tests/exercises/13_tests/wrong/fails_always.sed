# Expect: 'a->polls == 0' failed
/^START_TEST(queued_once)/,/^END_TEST/ {
    s/run(10), 1/a->polls, 0/
}
