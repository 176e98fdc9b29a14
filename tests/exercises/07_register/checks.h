// What the checks call, and what they share with part_flag.c.
#include "07_flag.h"

struct poll flag_wait_poll(struct future *future, struct context *cx);
void flag_set(struct flag *flag);
