// What the checks call.
#include "12_channel.h"
