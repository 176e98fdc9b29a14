# A waker of the same task may stay.
s/^        channel->receiver = waker;/        if (older.vtable != waker.vtable || older.data != waker.data) {\
            channel->receiver = waker;\
            waker = older;\
        }/
/^        waker = older;/d
