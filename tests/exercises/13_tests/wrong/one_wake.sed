# Expect: Two wakes of a task that waits are two polls there
/^START_TEST(queued_once)/,/^END_TEST/ {
    /wake(a);/ {
        n
        d
    }
}
