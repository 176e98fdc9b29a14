// What the checks call.
#include "trale.h"

struct future *doorbell(void);
void doorbell_ring(struct future *future);
