# Expect: the old event must change nothing
/generation != /d
s/^    waker_wake(&sources.*/    if (sources[fd].generation == event.data.u64 >> 32)\
        waker_wake(\&sources[fd].waker);/
