// What the checks call.
#include "17_fiber.h"
