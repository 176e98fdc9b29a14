// Expect: It includes the solution, or the checks, and that is refused
#include "solution.c"
