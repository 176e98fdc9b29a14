# Expect: multiple definition of `main'
$a\
\
int main(void)\
{\
    return 0;\
}
