// An address as text: what is taken, comes back the same by way of its text;
// what is not, leaves the address alone.
#include "examples/socket_addr.h"
#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct socket_addr addr, again, untouched;
    char *text = malloc(size + 1), *shown = malloc(SOCKET_ADDR_LEN);

    MUST(text != NULL && shown != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    memset(&addr, 0x55, sizeof(addr));
    untouched = addr;
    int error = socket_addr_from_str(&addr, text);
    if (error != 0) {
        MUST(error == -EINVAL);
        MUST(memcmp(&addr, &untouched, sizeof(addr)) == 0);
    } else {
        MUST(addr.len == (addr.any.sa_family == AF_INET ? sizeof(addr.v4)
                                                        : sizeof(addr.v6)));
        MUST(socket_addr_to_string(&addr, shown) == shown);
        MUST(strlen(shown) < SOCKET_ADDR_LEN);
        MUST(socket_addr_from_str(&again, shown) == 0);
        MUST(again.len == addr.len);
        MUST(memcmp(&again.any, &addr.any, addr.len) == 0);
    }
    free(text);
    free(shown);
    return 0;
}
