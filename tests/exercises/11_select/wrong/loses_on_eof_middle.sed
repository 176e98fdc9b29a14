# Expect: The input ended after two bytes of a message, so that will never be whole:
s/^        if (n <= 0) return/        if (n == 0 \&\& inbox->have > 0) return POLL_READY(inbox->number);\
&/
