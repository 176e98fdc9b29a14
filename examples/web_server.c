// later trale's examples/web_server.rs: serves the files below a folder. Try
// `build/examples/web_server .`, and http://127.0.0.1:8080/NOTES.md in a browser.
#define _GNU_SOURCE // for O_PATH and syscall
#include "files.h"
#include "futures/http_server.h"
#include "futures/serve.h"
#include "futures/tcp.h"
#include "futures/timeout.h"
#include "futures/yield.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// How long a peer may take to send its request, and for each part of the reply.
enum { PEER_SECS = 5 };

static int folder; // -1: none

struct page {
    struct async async;
    int stream, status;
    int file;    // -1: none
    char *index; // a page made here, or NULL
    int64_t left;
    size_t len, sent;
    const char *type;
    struct http_request request;
    char buf[16384];
};

// The file of this target: its type, its length and a descriptor; or, at the top
// of a folder without index.html, a page that lists it. Returns the status to
// reply with.
static int open_page(struct page *self, char *target)
{
    size_t len = 0;

    target[strcspn(target, "?")] = '\0';
    if (http_decode(target) < 0) return 400;
    const char *path = target[1] == '\0' ? "/index.html" : target;
    if (goes_up(path)) return 404;
    self->type = mime_type(path);
    self->file = open_below(folder, path + 1, &self->left);
    if (self->file != -1) return 200;
    if (errno == ENOENT && target[1] == '\0') {
        self->index = index_of(folder, &len);
        self->left = (int64_t)len;
        if (self->index != NULL) return 200;
    }
    return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? 503 : 404;
}

// Fills the buffer with what comes next. Returns its length, 0 for none.
static size_t read_page(struct page *self)
{
    size_t len = sizeof(self->buf);
    ssize_t n;

    if (self->left < (int64_t)len) len = (size_t)self->left;
    if (self->index != NULL) {
        memcpy(self->buf, self->index + self->sent, len);
        n = (ssize_t)len;
    } else {
        n = read(self->file, self->buf, len);
    }
    if (n <= 0) return 0;
    self->sent += (size_t)n;
    self->left -= n;
    return (size_t)n;
}

// Files are the sore point of epoll: a regular file is always "ready", epoll
// refuses it (EPERM), and O_NONBLOCK means nothing to it. So openat2 and read
// block this thread, and with it all tasks, for as long as the disk takes. That
// will do for files that the page cache holds. A production runtime does them
// on a pool of threads (tokio::fs), or through io_uring, as later trale does.
static struct poll page_poll(struct future *future, struct context *cx)
{
    struct page *self = (struct page *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, timeout(duration_from_secs(PEER_SECS),
                        http_read_request(self->stream, &self->request)));
    self->status = http_status(self->async.value);
    if (self->status <= 0) return POLL_READY(self->status); // it is gone
    if (self->status == 200)
        self->status = open_page(self, self->request.target);
    if (self->status != 200) {
        AWAIT(self, timeout(duration_from_secs(PEER_SECS),
                            http_reply(self->stream, &self->request,
                                       self->status, NULL)));
        return POLL_READY(self->async.value);
    }
    self->len = http_reply_head(self->buf, 200, self->type, self->left);
    if (self->request.is_head) self->left = 0;
    for (;;) {
        AWAIT(self, timeout(duration_from_secs(PEER_SECS),
                            tcp_stream_write_all(self->stream, self->buf,
                                                 self->len)));
        if (self->async.value < 0 || self->left == 0) break;
        AWAIT(self, yield_now()); // a long file must not hold up the others
        self->len = read_page(self);
        if (self->len == 0) break; // cut off meanwhile: a short reply
    }
    ASYNC_END(self, self->async.value);
}

static void page_drop(struct future *future)
{
    struct page *self = (struct page *)future;

    async_drop(future);
    free(self->index);
    if (self->file != -1) close(self->file);
}

static struct future *page(int stream)
{
    static const struct future_vtable vtable = { "page", page_poll, page_drop };
    struct page *self = future_new(sizeof(*self), &vtable);

    self->stream = stream;
    self->file = -1;
    return &self->async.future;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: web_server FOLDER [ADDRESS]\n");
        return 2;
    }
    folder = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
    int probe = folder != -1 ? find_below(folder, ".") : -1; // needs Linux 5.6
    if (probe == -1) {
        fprintf(stderr, "web_server: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    close(probe);
    // For each page a stream, a file and a timer.
    return serve_main("web_server", argc > 2 ? argv[2] : "127.0.0.1:8080", 3,
                      page);
}

// Expected output, until Ctrl-C and after it:
//
//     Listening on 127.0.0.1:8080
//     Bye
