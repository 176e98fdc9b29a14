# Expect: It ended the program, with status 0, before any check began
$a\
\
__attribute__((constructor)) static void cheat(void)\
{\
    fputs("passed\\n", stdout);\
    _Exit(0);\
}
