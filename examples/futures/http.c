// HttpGet, the future that the book's chapters 7 to 10 poll by hand. In Rust
// reqwest::get does this.
//
// The book's is a leaf future, with a state for each step. Here it is an async
// block over the futures of tcp.c, so the states are its awaits. And it is lazy
// because every future is: all that it does, it does in its polls.
#include "http.h"
#include "examples/socket_addr.h"
#include "tcp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct http_get {
    struct async async;
    struct socket_addr addr;
    int stream; // -1 until connected
    char *buf;
    size_t size, len;
    char request[];
};

static struct poll http_get_poll(struct future *future, struct context *cx)
{
    struct http_get *self = (struct http_get *)future;

    ASYNC_BEGIN(self);
    if (self->request[0] == '\0') return POLL_READY(-EINVAL);
    AWAIT(self, tcp_stream_connect(&self->addr));
    self->stream = (int)self->async.value;
    // If that has failed, the errno comes back from the write.
    AWAIT(self, tcp_stream_write_all(self->stream, self->request,
                                     strlen(self->request)));
    while (self->async.value > 0) {
        if (self->len == self->size) return POLL_READY(-EMSGSIZE);
        AWAIT(self, tcp_stream_read(self->stream, self->buf + self->len,
                                    self->size - self->len));
        if (self->async.value > 0) self->len += (size_t)self->async.value;
    }
    if (self->async.value < 0) return POLL_READY(self->async.value);
    self->buf[self->len] = '\0';
    ASYNC_END(self, self->len);
}

static void http_get_drop(struct future *future)
{
    struct http_get *self = (struct http_get *)future;

    async_drop(future); // before the close: the child may wait for the stream
    if (self->stream >= 0) close(self->stream);
}

// Neither a blank nor a control character.
static bool is_visible(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text <= ' ' || *text == 127) return false;
    return true;
}

// A blank or a newline in the path would be the end of the request line, and
// what follows it a header that the caller never meant.
struct future *http_get(const struct socket_addr *addr, const char *path,
                        char *buf, size_t size)
{
    static const struct future_vtable vtable = { "http_get", http_get_poll,
                                                 http_get_drop };
    static const char format[] = "GET %s HTTP/1.1\r\n"
                                 "Host: %s\r\n"
                                 "Connection: close\r\n\r\n";
    size_t room = sizeof(format) + strlen(path) + SOCKET_ADDR_LEN;
    struct http_get *self = future_new(sizeof(*self) + room, &vtable);

    self->addr = *addr;
    self->stream = -1;
    self->buf = buf;
    self->size = size;
    if (path[0] == '/' && is_visible(path)) {
        char host[SOCKET_ADDR_LEN];
        snprintf(self->request, room, format, path,
                 socket_addr_to_string(addr, host));
    }
    return &self->async.future;
}
