// What the checks call.
#include "trale.h"

struct future *join(struct future **children, int count);
