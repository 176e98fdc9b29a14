# Expect: errno says something only when read has returned -1
s/if (n == -1 && errno == EAGAIN)/if (n < 1 \&\& errno == EAGAIN)/
