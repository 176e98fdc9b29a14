// What the checks call.
#include "15_reactor.h"
