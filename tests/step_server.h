// A server for the tests that include a step's source. It runs on the test's
// own thread, so nothing happens between two calls.
#include "step.h"

#include <poll.h>
#include <sys/wait.h>

// Listens on a free port of 127.0.0.1, where the step's requests go from now
// on. Returns the socket, which does not block.
static int listen_here(void)
{
    int sock = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof(server);

    server_from_str("127.0.0.1:0");
    ck_assert_int_eq(bind(sock, (struct sockaddr *)&server, len), 0);
    ck_assert_int_eq(listen(sock, 5), 0);
    ck_assert_int_eq(getsockname(sock, (struct sockaddr *)&server, &len), 0);
    return sock;
}

// Returns a connection, or -1 if nobody has connected.
static int accepted(int sock)
{
    int stream = accept(sock, NULL, NULL);

    ck_assert_msg(stream != -1 || errno == EAGAIN, "%s", strerror(errno));
    return stream;
}

// The request is read first: to close with it unread would be a reset.
static void reply_with(int stream, const char *message)
{
    char request[200];

    ck_assert_int_gt(recv(stream, request, sizeof(request), 0), 0);
    ck_assert_int_gt(dprintf(stream, "HTTP/1.1 200 OK\r\n\r\n%s", message), 0);
    close(stream);
}

// What a future prints is of no interest here.
static void silence(void)
{
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
}
