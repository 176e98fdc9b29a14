# Expect: multiple definition of `harness_fail'
$a\
\
void harness_fail(const char *format, ...);\
void harness_fail(const char *format, ...)\
{\
    (void)format;\
}
