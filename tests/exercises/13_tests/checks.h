// What the checks call.
#include "13_executor.h"

void add_tests(TCase *cases[5]);
