// What the checks call, and what they share with part_task.c.
#include "14_task.h"
