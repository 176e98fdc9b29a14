# Expect: __asan_default_options in line 
$a\
\
const char *__asan_default_options(void);\
const char *__asan_default_options(void)\
{\
    return "detect_leaks=0";\
}
