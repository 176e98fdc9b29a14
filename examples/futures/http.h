// The book's HttpGet.
#ifndef FUTURES_HTTP_H
#define FUTURES_HTTP_H

#include "trale.h"

// HttpGet::new, or reqwest::get: asks the server at *addr for a path,
// such as "/600/hello", and reads the reply, headers and all, to its end.
//
// Lazy: it connects at its first poll. *addr and path are copied. Ready with
// the number of bytes in buf, which a zero byte follows; or with -errno:
// -EMSGSIZE if buf, of `size` bytes, was too small; -EINVAL if the path does not
// begin with a slash, or has a blank or a control character in it. buf must
// outlive the future.
struct future *http_get(const struct socket_addr *addr, const char *path,
                        char *buf, size_t size);

#endif
