// What a server needs of HTTP/1.1: to read a request from a peer that may send
// anything, within bounds, and to reply. In Rust hyper does this.
#include "http_server.h"
#include "tcp.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

// ---------------------------------------------------------------------------
// Read: line by line, as it comes
// ---------------------------------------------------------------------------

// What a method and the name of a header are made of.
static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                            "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

// No zero bytes, no lone CR, nothing else that is not text, but perhaps tabs.
static bool is_text(const char *line, const char *end)
{
    for (; line < end; line++)
        if (iscntrl((unsigned char)*line) && *line != '\t') return false;
    return true;
}

// What a host, with or without a port, is made of (RFC 3986, 3.2.2).
static const char host[] = "!$%&'()*+,-.:;=[]_~0123456789"
                           "abcdefghijklmnopqrstuvwxyz"
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

// The path of a target, which may be in absolute form: http://host/path. That is
// for proxies, but every server must take it (RFC 9112, 3.2.2). The host in it
// counts, and we ask no host who it is. Returns NULL if it is neither.
static char *path_of(char *target)
{
    static const char scheme[] = "http://";

    if (target[0] == '/') return target;
    if (strncasecmp(target, scheme, strlen(scheme)) != 0) return NULL;
    char *path = target + strlen(scheme);
    size_t len = strspn(path, host);
    path += len;
    if (len == 0 || (*path != '/' && *path != '?' && *path != '\0'))
        return NULL;
    if (*path == '/') return path;
    *--path = '/'; // there is no path: put one over the end of the host
    return path;
}

// METHOD SP TARGET SP HTTP/1.x, with a zero byte at its end.
static int parse_request_line(struct http_request *self, char *line)
{
    char *method_end = line + strspn(line, token);
    char *version = strrchr(line, ' ');

    if (method_end == line || *method_end != ' ' || version == method_end)
        return 400;
    *method_end = *version++ = '\0';
    if (strncmp(version, "HTTP/", 5) != 0 ||
        !isdigit((unsigned char)version[5]) || version[6] != '.' ||
        !isdigit((unsigned char)version[7]) || version[8] != '\0')
        return 400;
    if (version[5] != '1') return 505;
    self->minor = version[7] - '0';
    self->method = line;
    self->is_head = strcmp(self->method, "HEAD") == 0;
    if (!self->is_head && strcmp(self->method, "GET") != 0) return 501;
    self->target = path_of(method_end + 1);
    return self->target != NULL && strpbrk(self->target, " \t") == NULL ? 200
                                                                        : 400;
}

// NAME: VALUE, with a zero byte at its end. What begins with a blank would
// continue the line before, which has long been forbidden.
static int parse_header(struct http_request *self, const char *line)
{
    size_t name = strspn(line, token);

    if (name == 0 || line[name] != ':') return 400;
    if (name != 4 || strncasecmp(line, "Host", 4) != 0) return 0;
    self->hosts++;
    const char *value = line + 5 + strspn(line + 5, " \t");
    value += strspn(value, host);
    return value[strspn(value, " \t")] == '\0' ? 0 : 400;
}

// A request of HTTP/1.1 has one Host, and none has two (RFC 9112, 3.2).
static int check_hosts(const struct http_request *self)
{
    return self->hosts == 1 || (self->hosts == 0 && self->minor == 0) ? 200
                                                                      : 400;
}

// Each byte is looked at once, however small the pieces are in which it comes.
// A line may end in LF alone, as the RFC allows: people type with nc.
int http_parse(struct http_request *self)
{
    for (;;) {
        char *line = self->head + self->line, *next = self->head + self->len;
        char *end =
            memchr(self->head + self->seen, '\n', self->len - self->seen);
        self->seen = self->len;
        char *text_end = end != NULL ? end : next; // without a CR before the LF
        if (text_end > line && text_end[-1] == '\r') text_end--;
        if (self->line == 0 && text_end - line > HTTP_LINE_MAX) return 414;
        if (end == NULL) return self->len < HTTP_HEAD_MAX ? 0 : 431;
        next = end + 1;
        end = text_end;
        *end = '\0';
        if (!is_text(line, end)) return 400;
        if (self->line == 0) {
            int status = parse_request_line(self, line);
            if (status != 200) return status;
        } else if (end == line) {
            return check_hosts(self); // the empty line after the headers
        } else if (parse_header(self, line) != 0) {
            return 400;
        }
        self->line = self->seen = (size_t)(next - self->head);
    }
}

struct read_request {
    struct async async;
    int stream, status;
    struct http_request *request;
};

static struct poll read_request_poll(struct future *future, struct context *cx)
{
    struct read_request *self = (struct read_request *)future;
    struct http_request *request = self->request;

    ASYNC_BEGIN(self);
    while ((self->status = http_parse(request)) == 0) {
        AWAIT(self, tcp_stream_read(self->stream, request->head + request->len,
                                    HTTP_HEAD_MAX - request->len));
        if (self->async.value < 0) return POLL_READY(self->async.value);
        if (self->async.value == 0) return POLL_READY(request->len ? 400 : 0);
        request->len += (size_t)self->async.value;
    }
    ASYNC_END(self, self->status);
}

struct future *http_read_request(int stream, struct http_request *request)
{
    static const struct future_vtable vtable = { "read_request",
                                                 read_request_poll,
                                                 async_drop };
    struct read_request *self = future_new(sizeof(*self), &vtable);

    self->stream = stream;
    self->request = request;
    return &self->async.future;
}

int http_status(intptr_t value)
{
    if (value == -ETIMEDOUT) return 408;
    return value == -EMFILE || value == -ENFILE ? 503 : (int)value;
}

int http_decode(char *text)
{
    char *out = text;

    for (const char *in = text; *in != '\0'; in++) {
        unsigned value = (unsigned char)*in;
        if (value == '%') {
            if (!isxdigit((unsigned char)in[1]) ||
                !isxdigit((unsigned char)in[2]))
                return -EINVAL;
            sscanf(in + 1, "%2x", &value);
            if (value == 0) return -EINVAL;
            in += 2;
        }
        *out++ = (char)value;
    }
    *out = '\0';
    return 0;
}

// ---------------------------------------------------------------------------
// Reply
// ---------------------------------------------------------------------------

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = { { 200, "OK" },
                    { 400, "Bad Request" },
                    { 404, "Not Found" },
                    { 408, "Request Timeout" },
                    { 414, "URI Too Long" },
                    { 431, "Request Header Fields Too Large" },
                    { 501, "Not Implemented" },
                    { 503, "Service Unavailable" },
                    { 505, "HTTP Version Not Supported" } };

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status) return reasons[i].reason;
    return "Unknown";
}

size_t http_reply_head(char *buf, int status, const char *type, int64_t length)
{
    return (size_t)snprintf(buf, HTTP_REPLY_MAX,
                            "HTTP/1.1 %d %s\r\n"
                            "Content-Type: %s\r\n"
                            "Content-Length: %lld\r\n"
                            "Connection: close\r\n\r\n",
                            status, reason(status), type, (long long)length);
}

struct reply {
    struct async async;
    int stream;
    size_t len;
    char text[];
};

static struct poll reply_poll(struct future *future, struct context *cx)
{
    struct reply *self = (struct reply *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, tcp_stream_write_all(self->stream, self->text, self->len));
    ASYNC_END(self, self->async.value);
}

// Head and text go out in one write, and so, if they are short, in one packet.
struct future *http_reply(int stream, const struct http_request *request,
                          int status, const char *text)
{
    static const struct future_vtable vtable = { "reply", reply_poll,
                                                 async_drop };
    char words[60];

    snprintf(words, sizeof(words), "%d %s\n", status, reason(status));
    if (text == NULL) text = words;
    size_t len = strlen(text);
    struct reply *self =
        future_new(sizeof(*self) + HTTP_REPLY_MAX + len, &vtable);
    self->stream = stream;
    self->len = http_reply_head(self->text, status, "text/plain; charset=utf-8",
                                (int64_t)len);
    if (request->is_head) return &self->async.future;
    memcpy(self->text + self->len, text, len);
    self->len += len;
    return &self->async.future;
}
