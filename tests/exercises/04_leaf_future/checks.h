// What the checks call.
#include "trale.h"

struct future *bell_wait(void);
void bell_ring(struct future *future);
