# Expect: nobody holds a waker of it any more
/^    \/\/ Our turn/,/^    }/ {
    s/waker_wake/waker_drop/
}
