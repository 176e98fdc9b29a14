// A request from a peer that may send anything, as a whole and in pieces: it
// must come to the same. The first byte says how it is cut.
#include "examples/futures/http_server.h"
#include "fuzz.h"

#include <string.h>

// Gives the parser up to `piece` bytes at a time.
static int parse(struct http_request *request, const uint8_t *data, size_t size,
                 size_t piece)
{
    int status = 0;

    memset(request, 0, sizeof(*request));
    for (size_t at = 0; at < size && status == 0; at += piece) {
        size_t len = size - at < piece ? size - at : piece;
        memcpy(request->head + request->len, data + at, len);
        request->len += len;
        status = http_parse(request);
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    // On the heap, so that a sanitizer sees what lies beyond.
    struct http_request *whole = malloc(sizeof(*whole));
    struct http_request *pieces = malloc(sizeof(*pieces));
    size_t piece = size > 0 ? 1 + data[0] % 64 : 1;

    if (size > 0) data++, size--;
    if (size > HTTP_HEAD_MAX) size = HTTP_HEAD_MAX;
    MUST(whole != NULL && pieces != NULL);
    int status = parse(whole, data, size, size + 1);
    MUST(parse(pieces, data, size, piece) == status);
    MUST(status == 0 || status == 200 || status == 400 || status == 414 ||
         status == 431 || status == 501 || status == 505);
    if (status == 200) {
        MUST(strcmp(whole->target, pieces->target) == 0);
        MUST(whole->is_head == pieces->is_head);
        MUST(strcmp(whole->method, whole->is_head ? "HEAD" : "GET") == 0);
        MUST(whole->target[0] == '/' && strlen(whole->target) < HTTP_LINE_MAX);
        MUST(whole->minor == 0 ? whole->hosts <= 1 : whole->hosts == 1);
        MUST(strpbrk(whole->target, " \t\r\n") == NULL);
        size_t len = strlen(whole->target);
        if (http_decode(whole->target) == 0) MUST(strlen(whole->target) <= len);
    }
    free(whole);
    free(pieces);
    return 0;
}
