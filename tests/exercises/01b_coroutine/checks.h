// What the checks call.
#include "trale.h"

struct future *sum(struct future *first, struct future *(*second)(intptr_t a));
