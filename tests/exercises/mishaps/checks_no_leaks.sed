# Expect: __lsan_do_recoverable_leak_check in line 
$a\
\
int __lsan_do_recoverable_leak_check(void);\
int __lsan_do_recoverable_leak_check(void)\
{\
    return 0;\
}
