# Expect: The program ended before this check had a result
$a\
\
__attribute__((constructor)) static void cheat(void)\
{\
    exit(0);\
}
