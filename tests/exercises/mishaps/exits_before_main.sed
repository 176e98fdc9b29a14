# Expect: It ended the program, with status 0, before any check began. A check has passed
$a\
\
__attribute__((constructor)) static void cheat(void)\
{\
    exit(0);\
}
