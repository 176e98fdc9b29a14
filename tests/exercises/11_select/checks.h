// What the checks call.
#include "11_select.h"
