// What the checks call.
#include "trale.h"

intptr_t block_on(struct future *future);
