# Expect: A child that is not polled leaves no waker
s/^        if (!poll.ready) continue;/        if (!poll.ready) break;/
