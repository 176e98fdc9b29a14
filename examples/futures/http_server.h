// A server's part of HTTP/1.1 (RFC 9112), or as much of it as the examples need:
// GET and HEAD, and one request for each connection. In Rust this is hyper.
#ifndef FUTURES_HTTP_SERVER_H
#define FUTURES_HTTP_SERVER_H

#include "trale.h"

// The longest request line, without its CR and LF, and the longest head (request line and headers)
// that a server takes, in bytes. The first is what the RFC asks for at least.
enum { HTTP_LINE_MAX = 8000, HTTP_HEAD_MAX = 16384 };

// hyper::Request, and what is known of it so far. Starts as zeroed memory.
struct http_request {
    char *method, *target; // "GET", "/600/hello"; valid if the status is 200
    bool is_head;          // HEAD: the reply has no body
    int minor, hosts;      // of HTTP/1.x; how many Host headers so far
    size_t len;            // bytes of the head so far, and of what follows it
    size_t line, seen;     // the line not yet parsed; where to look for its end
    char head[HTTP_HEAD_MAX];
};

// Parses what has come of the head, self->len bytes, and notes how far it
// got. Returns 0 if it is not complete, 200 if it is a good one, or the status
// to reply with: 400 if it is malformed, 414 if the request line and 431 if the
// head is too long, 501 if the method is neither GET nor HEAD, 505 if it is not
// HTTP/1. Of a target in absolute form (http://host/path) it keeps the path.
int http_parse(struct http_request *self);

// Reads from the stream until a head is complete or cannot become good any
// more. Ready with its status as above, 0 if the peer has sent nothing and
// closed, or -errno. A request that breaks off is malformed. *request must
// outlive the future. It may have read beyond the head: that, and a body, are
// ignored.
struct future *http_read_request(int stream, struct http_request *request);

// What that, or a timeout of it, was ready with, as a status to reply with: 408
// for -ETIMEDOUT, 503 if there was no descriptor for the timer. Another -errno,
// and 0, stay as they are: there is nobody left to reply to.
int http_status(intptr_t value);

// Decodes %41 to A in place. Returns 0, or -EINVAL if a % is not followed by
// two hexadecimal digits, or stands for a zero byte.
int http_decode(char *text);

// Writes the head of a reply to buf and returns its length; none is longer than
// HTTP_REPLY_MAX bytes. The reply has `length` bytes of this MIME type.
enum { HTTP_REPLY_MAX = 256 };
size_t http_reply_head(char *buf, int status, const char *type, int64_t length);

// Writes a whole reply of plain text to the request, or of a HEAD's reply the
// head; NULL: the status in words. The text is copied. Ready with the number of
// bytes, or -errno.
struct future *http_reply(int stream, const struct http_request *request,
                          int status, const char *text);

#endif
