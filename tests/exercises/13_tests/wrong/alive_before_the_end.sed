# Expect: A task is freed there
/^START_TEST(wakers_count)/,/^END_TEST/ {
    s/"r"/"k"/
}
