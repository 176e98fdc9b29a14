// std::net::SocketAddr's FromStr and Display, for the examples that take or
// show an address: "127.0.0.1:9999", "[::1]:9999", "[fe80::1%2]:9999".
#ifndef SOCKET_ADDR_H
#define SOCKET_ADDR_H

#include "trale.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

// Room for any address as text, with its brackets, scope and port.
enum { SOCKET_ADDR_LEN = 72 };

// SocketAddr::from_str. Returns 0, or -EINVAL and leaves *addr as it was. Like
// Rust it takes numbers only: a name would have to be looked up.
static inline int socket_addr_from_str(struct socket_addr *addr,
                                       const char *text)
{
    struct socket_addr parsed = { .len = 0 };
    char ip[INET6_ADDRSTRLEN], scope[11] = "0", port[6];
    int end = 0, ok;

    if (text[0] != '[') {
        sscanf(text, "%45[0-9.]:%5[0-9]%n", ip, port, &end);
    } else {
        sscanf(text, "[%45[0-9a-fA-F:.]]:%5[0-9]%n", ip, port, &end);
        if (end == 0)
            sscanf(text, "[%45[0-9a-fA-F:.]%%%10[0-9]]:%5[0-9]%n", ip, scope,
                   port, &end);
    }
    if (end == 0 || text[end] != '\0') return -EINVAL;
    long long port_number = atoll(port), scope_id = atoll(scope);
    if (port_number > UINT16_MAX || scope_id > UINT32_MAX) return -EINVAL;
    if (text[0] != '[') {
        ok = inet_pton(AF_INET, ip, &parsed.v4.sin_addr);
        parsed.v4.sin_family = AF_INET;
        parsed.v4.sin_port = htons((uint16_t)port_number);
        parsed.len = sizeof(parsed.v4);
    } else {
        ok = inet_pton(AF_INET6, ip, &parsed.v6.sin6_addr);
        parsed.v6.sin6_family = AF_INET6;
        parsed.v6.sin6_port = htons((uint16_t)port_number);
        parsed.v6.sin6_scope_id = (uint32_t)scope_id;
        parsed.len = sizeof(parsed.v6);
    }
    if (ok != 1) return -EINVAL;
    *addr = parsed;
    return 0;
}

// SocketAddr::to_string. Writes to text, which has room for SOCKET_ADDR_LEN
// bytes, and returns it.
static inline char *socket_addr_to_string(const struct socket_addr *addr,
                                          char *text)
{
    char ip[INET6_ADDRSTRLEN], scope[12] = "";

    if (addr->any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &addr->v4.sin_addr, ip, sizeof(ip));
        snprintf(text, SOCKET_ADDR_LEN, "%s:%u", ip, ntohs(addr->v4.sin_port));
        return text;
    }
    inet_ntop(AF_INET6, &addr->v6.sin6_addr, ip, sizeof(ip));
    if (addr->v6.sin6_scope_id != 0)
        snprintf(scope, sizeof(scope), "%%%u", addr->v6.sin6_scope_id);
    snprintf(text, SOCKET_ADDR_LEN, "[%s%s]:%u", ip, scope,
             ntohs(addr->v6.sin6_port));
    return text;
}

#endif
