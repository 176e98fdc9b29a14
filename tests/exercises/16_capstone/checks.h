// What the checks call.
#include "16_capstone.h"
