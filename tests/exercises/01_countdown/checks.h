// What the checks call.
#include "trale.h"

struct future *countdown(int from);
