// Tests of examples/futures: TCP, HTTP, timeout and signals, on trale and
// against plain sockets.
#include "examples/futures/http.h"
#include "examples/futures/http_server.h"
#include "examples/futures/linger.h"
#include "examples/futures/signal.h"
#include "examples/futures/tcp.h"
#include "examples/futures/timeout.h"
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

// ---------------------------------------------------------------------------
// Plain sockets, for the other side
// ---------------------------------------------------------------------------

// Blocks, and waits for ten seconds at most.
static void set_blocking(int sock)
{
    struct timeval timeout = { 10, 0 };

    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
}

static int listener_open(struct socket_addr *addr)
{
    int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    *addr = localhost(0);
    ck_assert_int_eq(bind(sock, &addr->any, addr->len), 0);
    ck_assert_int_eq(listen(sock, 100), 0);
    *addr = local_addr(sock);
    set_blocking(sock);
    return sock;
}

static int peer_accept(int listener)
{
    int sock = accept(listener, NULL, NULL);

    ck_assert_msg(sock != -1, "%s", strerror(errno));
    set_blocking(sock);
    return sock;
}

static int peer_connect(int listener)
{
    struct socket_addr addr = local_addr(listener);
    int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(connect(sock, &addr.any, addr.len), 0);
    set_blocking(sock);
    return sock;
}

static bool is_readable(int sock, int millis)
{
    struct pollfd fd = { sock, POLLIN, 0 };

    return poll(&fd, 1, millis) == 1;
}

// A stream of ours and a plain socket, connected.
static int stream_open(int *peer)
{
    struct socket_addr addr = localhost(0);
    int listener = tcp_listener_bind(&addr);

    ck_assert_int_ge(listener, 0);
    *peer = peer_connect(listener);
    int stream = (int)executor_block_on(tcp_listener_accept(listener));
    ck_assert_int_ge(stream, 0);
    close(listener);
    return stream;
}

// A future, dropped by its task when the timeout is over. Returns its output.
static intptr_t block_on_for(int millis, struct future *future)
{
    return executor_block_on(timeout(duration_from_millis(millis), future));
}

// Has the reactor's descriptor made, by a future that has to wait in any case.
static void start_reactor(void)
{
    struct socket_addr addr = localhost(0);
    int sock = udp_socket_bind(&addr);

    ck_assert_int_eq(block_on_for(1, udp_socket_recv_from(sock, NULL, 0, NULL)),
                     -ETIMEDOUT);
    close(sock);
}

// A port that nobody listens on.
static struct socket_addr closed_port(void)
{
    struct socket_addr addr;

    close(listener_open(&addr));
    return addr;
}

// From now on no descriptor can be had, and then again as before. (What looks
// for leaks when the test ends needs some too.)
static void take_descriptors(bool take)
{
    static rlim_t before;
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    if (take) before = limit.rlim_cur;
    limit.rlim_cur = take ? 0 : before;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

// ---------------------------------------------------------------------------
// HttpGet
// ---------------------------------------------------------------------------

// No socket and no connection before the first poll, and none ever if it is
// dropped before.
START_TEST(test_http_get_is_lazy)
{
    struct socket_addr addr;
    int listener = listener_open(&addr), fds = count_fds();
    char buf[100], request[200];

    struct future *get = http_get(&addr, "/", buf, sizeof(buf));
    struct future *other = http_get(&addr, "/", buf, sizeof(buf));
    ck_assert(!is_readable(listener, 100));
    ck_assert_int_eq(count_fds(), fds);
    future_drop(other);
    struct task_joiner joiner = executor_spawn(get);
    int peer = peer_accept(listener);
    ck_assert_int_gt(recv(peer, request, sizeof(request), 0), 0);
    close(peer);
    ck_assert_int_eq(task_joiner_join(&joiner), 0);
    ck_assert(!is_readable(listener, 100));
    close(listener);
}
END_TEST

// The reply may come in pieces, with pauses; its end is the end of the stream.
START_TEST(test_http_get)
{
    struct socket_addr addr;
    int listener = listener_open(&addr);
    char buf[100], request[200];

    start_reactor();
    struct task_joiner joiner =
        executor_spawn(http_get(&addr, "/600/hi", buf, sizeof(buf)));
    int peer = peer_accept(listener);
    ssize_t n = recv(peer, request, sizeof(request) - 1, 0);
    ck_assert_int_gt(n, 0);
    request[n] = '\0';
    ck_assert_ptr_eq(
        strstr(request, "GET /600/hi HTTP/1.1\r\nHost: 127.0.0.1:"), request);
    ck_assert_str_eq(request + n - 23, "\r\nConnection: close\r\n\r\n");
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(send(peer, "0123456789", 5, 0), 5);
        sleep_for(0.005);
    }
    int fds = count_fds();
    close(peer);
    ck_assert_int_eq(task_joiner_join(&joiner), 50);
    ck_assert_uint_eq(strlen(buf), 50);
    ck_assert_int_eq(count_fds(), fds - 2); // the peer's and its own
    ck_assert_int_eq(count_epoll(), 0);
    close(listener);
}
END_TEST

START_TEST(test_http_get_errors)
{
    static const char *const bad[] = { "",    "x",    "/a b", "/a\r\nHost: b",
                                       "/\t", "/\x7f" };
    struct socket_addr addr = closed_port();
    char buf[10];

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        ck_assert_int_eq(executor_block_on(http_get(&addr, bad[i], buf, 10)),
                         -EINVAL);
    ck_assert_int_eq(executor_block_on(http_get(&addr, "/", buf, 10)),
                     -ECONNREFUSED);
    // Nine bytes and their end fit into ten, ten do not.
    int listener = listener_open(&addr);
    for (int len = 9; len <= 10; len++) {
        struct task_joiner joiner =
            executor_spawn(http_get(&addr, "/", buf, 10));
        int peer = peer_accept(listener);
        ck_assert_int_eq(send(peer, "0123456789", (size_t)len, 0), len);
        char request[200];
        ck_assert_int_gt(recv(peer, request, sizeof(request), 0), 0);
        close(peer);
        ck_assert_int_eq(task_joiner_join(&joiner), len == 9 ? 9 : -EMSGSIZE);
    }
    close(listener);
}
END_TEST

// Cancelled while it reads: the peer sees the end, and nothing is left. Polled
// by hand, so that it is dropped at no other time.
START_TEST(test_http_get_dropped)
{
    struct socket_addr addr;
    int listener = listener_open(&addr), wakes = 0;
    struct waker waker = counting_waker(&wakes);
    struct context cx = { &waker };
    char buf[100], request[200];

    start_reactor();
    int fds = count_fds();
    struct future *get = http_get(&addr, "/", buf, sizeof(buf));
    ck_assert(!future_poll(get, &cx).ready);
    int peer = peer_accept(listener);
    while (!is_readable(peer, 1)) ck_assert(!future_poll(get, &cx).ready);
    ck_assert_int_gt(recv(peer, request, sizeof(request), 0), 0);
    ck_assert_int_eq(count_fds(), fds + 2);
    future_drop(get);
    ck_assert_int_eq(recv(peer, request, sizeof(request), 0), 0);
    close(peer);
    ck_assert_int_eq(count_fds(), fds);
    ck_assert_int_eq(count_epoll(), 0);
    close(listener);
}
END_TEST

// ---------------------------------------------------------------------------
// What a server needs of HTTP
// ---------------------------------------------------------------------------

// All at once, and byte by byte, it must come to the same.
static int parse(const char *text, size_t len)
{
    static struct http_request whole, bytes;
    int status = 0;

    memset(&whole, 0, sizeof(whole));
    memset(&bytes, 0, sizeof(bytes));
    whole.len = len;
    memcpy(whole.head, text, len);
    for (size_t i = 0; i < len && status == 0; i++) {
        bytes.head[bytes.len++] = text[i];
        status = http_parse(&bytes);
    }
    ck_assert_int_eq(http_parse(&whole), status);
    if (status == 200) {
        ck_assert_str_eq(whole.target, bytes.target);
        ck_assert_str_eq(whole.method, whole.is_head ? "HEAD" : "GET");
    }
    return status;
}

// A head of exactly `len` bytes with a request line of `line`.
static int parse_sized(size_t line, size_t len)
{
    static char text[HTTP_HEAD_MAX + 10];

    memset(text, 'x', sizeof(text));
    memcpy(text, "GET /", 5);
    memcpy(text + line - 9, " HTTP/1.1\r\nHost: ", 17);
    memcpy(text + len - 4, "\r\n\r\n", 4);
    return parse(text, len > HTTP_HEAD_MAX ? HTTP_HEAD_MAX : len);
}

// The bounds are exact; test_servers.c sends what is malformed.
START_TEST(test_http_parse_bounds)
{
    ck_assert_int_eq(parse("GET / HTTP/1.0\r\n\r\n", 18), 200);
    ck_assert_int_eq(parse("GET / HTTP/1.0\r\n\r", 17), 0);
    ck_assert_int_eq(parse("GET /", 5), 0);
    ck_assert_int_eq(parse_sized(HTTP_LINE_MAX, 9000), 200);
    ck_assert_int_eq(parse_sized(HTTP_LINE_MAX + 1, 9000), 414);
    ck_assert_int_eq(parse_sized(100, HTTP_HEAD_MAX), 200);
    ck_assert_int_eq(parse_sized(100, HTTP_HEAD_MAX + 1), 431);
}
END_TEST

// A good request with one byte changed, whichever it is: some status, and no
// access beyond the head, which the sanitizers would see.
START_TEST(test_http_parse_noise)
{
    static const char good[] = "GET /600/hello HTTP/1.1\r\nHost: x\r\n\r\n";
    unsigned seed = 1, counts[600] = { 0 };
    int count = rounds(200000);

    for (int i = 0; i < count; i++) {
        char text[sizeof(good)];
        memcpy(text, good, sizeof(good));
        seed = seed * 1103515245 + 12345;
        text[seed / 65536 % (sizeof(good) - 1)] = (char)(seed >> 8);
        int status = parse(text, sizeof(good) - 1);
        ck_assert(status == 0 || (status >= 200 && status < 600));
        counts[status]++;
    }
    ck_assert_uint_gt(counts[200], 0);
    ck_assert_uint_gt(counts[400], 0);
    ck_assert_uint_gt(counts[501], 0);
    ck_assert_uint_gt(counts[505], 0);
}
END_TEST

START_TEST(test_http_decode)
{
    static const struct {
        const char *text, *decoded; // NULL: refused
    } cases[] = { { "", "" },         { "plain", "plain" },
                  { "%41", "A" },     { "%e4%E4", "\xe4\xe4" },
                  { "%2541", "%41" }, { "a+b", "a+b" },
                  { "%", NULL },      { "%4", NULL },
                  { "%4g", NULL },    { "%00", NULL },
                  { "%%41", NULL },   { "% 1", NULL } };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[20];
        strcpy(text, cases[i].text);
        int result = http_decode(text);
        ck_assert_int_eq(result, cases[i].decoded != NULL ? 0 : -EINVAL);
        if (result == 0) ck_assert_str_eq(text, cases[i].decoded);
    }
}
END_TEST

// ---------------------------------------------------------------------------
// TCP
// ---------------------------------------------------------------------------

struct reader {
    int sock;
    size_t len;
    bool wrong;
};

static void *read_slowly(void *data)
{
    struct reader *reader = data;
    char buf[50000];
    ssize_t n;

    while ((n = recv(reader->sock, buf, sizeof(buf), 0)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            if (buf[i] != (char)(reader->len++ % 251)) reader->wrong = true;
        sleep_for(0.001);
    }
    return NULL;
}

// Far more than the socket takes at once arrives whole and in order.
START_TEST(test_tcp_write_all)
{
    enum { LEN = 8000000 };
    char *data = malloc(LEN);
    pthread_t thread;
    int peer;

    ck_assert_ptr_nonnull(data);
    for (size_t i = 0; i < LEN; i++) data[i] = (char)(i % 251);
    int stream = stream_open(&peer);
    struct reader reader = { .sock = peer };
    // One write alone is cut to what there is room for.
    intptr_t first = executor_block_on(tcp_stream_write(stream, data, LEN));
    ck_assert(first > 0 && first < LEN);
    pthread_create(&thread, NULL, read_slowly, &reader);
    ck_assert_int_eq(executor_block_on(tcp_stream_write_all(
                         stream, data + first, LEN - (size_t)first)),
                     LEN - first);
    ck_assert_int_eq(tcp_stream_shutdown(stream), 0);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(reader.len, LEN);
    ck_assert(!reader.wrong);
    close(stream);
    close(peer);
    free(data);
}
END_TEST

// A peer that is gone is an errno, not a signal; a descriptor that is an errno
// is the output of all.
START_TEST(test_tcp_errors)
{
    struct linger reset = { 1, 0 };
    struct socket_addr addr = closed_port();
    char buf[10] = "";
    int peer, stream = stream_open(&peer);

    setsockopt(peer, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(peer);
    ck_assert_int_eq(executor_block_on(tcp_stream_read(stream, buf, 10)),
                     -ECONNRESET);
    ck_assert_int_eq(executor_block_on(tcp_stream_write_all(stream, buf, 10)),
                     -EPIPE);
    ck_assert_int_eq(executor_block_on(tcp_stream_linger(stream)), -ENOTCONN);
    // On this thread too, which does not block SIGPIPE as the executor's does.
    int wakes = 0;
    struct waker waker = counting_waker(&wakes);
    struct future *write = tcp_stream_write(stream, buf, 10);
    ck_assert_int_eq(future_poll(write, &(struct context){ &waker }).value,
                     -EPIPE);
    future_drop(write);
    close(stream);
    ck_assert_int_eq(executor_block_on(tcp_stream_connect(&addr)),
                     -ECONNREFUSED);
    ck_assert_int_eq(executor_block_on(tcp_stream_read(-EMFILE, buf, 10)),
                     -EMFILE);
    ck_assert_int_eq(executor_block_on(tcp_stream_write(-EMFILE, buf, 10)),
                     -EMFILE);
    ck_assert_int_eq(executor_block_on(tcp_stream_write_all(-EMFILE, buf, 1)),
                     -EMFILE);
    ck_assert_int_eq(executor_block_on(tcp_listener_accept(-EADDRINUSE)),
                     -EADDRINUSE);
    int listener = tcp_listener_bind(&addr);
    ck_assert_int_ge(listener, 0);
    ck_assert_int_eq(tcp_listener_bind(&addr), -EADDRINUSE);
    close(listener);
    take_descriptors(true);
    ck_assert_int_eq(tcp_listener_bind(&addr), -EMFILE);
    ck_assert_int_eq(executor_block_on(tcp_stream_connect(&addr)), -EMFILE);
    take_descriptors(false);
}
END_TEST

// Pending futures that are dropped leave nothing: not in the epoll set, no
// descriptor, no byte or connection taken along.
START_TEST(test_tcp_dropped)
{
    struct socket_addr addr = localhost(0), full;
    int peer, stream = stream_open(&peer), listener = tcp_listener_bind(&addr);
    char buf[10] = "untouched", *big = calloc(1, 1 << 24);

    // Nobody accepts here, and the queue has room for one or two.
    int blocked = listener_open(&full);
    listen(blocked, 0);
    start_reactor();
    int fds = count_fds(), others[8];
    ck_assert_int_eq(block_on_for(50, tcp_stream_read(stream, buf, 10)),
                     -ETIMEDOUT);
    ck_assert_int_eq(block_on_for(50, tcp_listener_accept(listener)),
                     -ETIMEDOUT);
    ck_assert_int_eq(
        block_on_for(50, tcp_stream_write_all(stream, big, 1 << 24)),
        -ETIMEDOUT);
    ck_assert_int_eq(count_fds(), fds);
    ck_assert_int_eq(count_epoll(), 0);
    intptr_t value = 0;
    int count = 0;
    for (; count < 8 && value >= 0; count++) {
        value = block_on_for(50, tcp_stream_connect(&full));
        others[count] = (int)value;
    }
    ck_assert_int_eq(value, -ETIMEDOUT);
    ck_assert_int_eq(count_fds(), fds + count - 1);
    ck_assert_int_eq(count_epoll(), 0);
    for (int i = 0; i < count - 1; i++) close(others[i]);

    ck_assert_int_eq(send(peer, "123", 3, 0), 3);
    ck_assert_str_eq(buf, "untouched");
    ck_assert_int_eq(executor_block_on(tcp_stream_read(stream, buf, 10)), 3);
    int client = peer_connect(listener);
    int accepted = (int)executor_block_on(tcp_listener_accept(listener));
    ck_assert_int_ge(accepted, 0);
    close(accepted);
    close(client);
    close(blocked);
    close(listener);
    close(stream);
    close(peer);
    free(big);
}
END_TEST

// A reply that was sent before a lingering close arrives, although we have not
// read what the peer sent, and it still sends.
START_TEST(test_tcp_linger)
{
    int peer, stream = stream_open(&peer);
    char buf[1000] = { 0 };

    ck_assert_int_eq(send(peer, buf, sizeof(buf), 0), (ssize_t)sizeof(buf));
    ck_assert_int_eq(executor_block_on(tcp_stream_write(stream, "reply", 5)),
                     5);
    struct task_joiner joiner = executor_spawn(tcp_stream_linger(stream));
    ck_assert_int_eq(send(peer, buf, sizeof(buf), 0), (ssize_t)sizeof(buf));
    ck_assert_int_eq(recv(peer, buf, sizeof(buf), MSG_WAITALL), 5);
    ck_assert_int_eq(memcmp(buf, "reply", 5), 0);
    double start = now();
    close(peer);
    ck_assert_int_eq(task_joiner_join(&joiner), 0);
    ck_assert_double_lt(now() - start, 1.5);
    close(stream);

    // A peer that does not close is waited for, but not for ever.
    stream = stream_open(&peer);
    start = now();
    ck_assert_int_eq(executor_block_on(tcp_stream_linger(stream)), 0);
    ck_assert_double_ge(now() - start, 1.999);
    close(stream);
    close(peer);
}
END_TEST

// ---------------------------------------------------------------------------
// Timeout
// ---------------------------------------------------------------------------

static void count_drop(void *data)
{
    ++*(int *)data;
}

static struct poll pending_poll(void *data, struct context *cx)
{
    // Kept alive by the timer's clone of the waker.
    (void)data;
    (void)cx;
    return POLL_PENDING;
}

static struct poll seven_poll(void *data, struct context *cx)
{
    (void)data;
    (void)cx;
    return POLL_READY(7);
}

// The future is dropped once, whether it is ready in time, too late, or was
// never polled.
START_TEST(test_timeout)
{
    int drops = 0;

    start_reactor();
    int fds = count_fds();
    // Ready at once: not even a descriptor for the timer is needed.
    ck_assert_int_eq(block_on_for(0, poll_fn(seven_poll, count_drop, &drops)),
                     7);
    ck_assert_int_eq(drops, 1);
    ck_assert_int_eq(count_fds(), fds);
    ck_assert_int_eq(block_on_for(1000, timer_sleep(duration_from_millis(20))),
                     0);
    double start = now();
    ck_assert_int_eq(
        block_on_for(50, poll_fn(pending_poll, count_drop, &drops)),
        -ETIMEDOUT);
    ck_assert_double_ge(now() - start, 0.050);
    ck_assert_int_eq(drops, 2);
    future_drop(timeout(duration_from_secs(1),
                        poll_fn(pending_poll, count_drop, &drops)));
    ck_assert_int_eq(drops, 3);
    // A timeout within a timeout: the shorter one decides.
    ck_assert_int_eq(
        block_on_for(5000, timeout(duration_from_millis(10),
                                   poll_fn(pending_poll, count_drop, &drops))),
        -ETIMEDOUT);
    ck_assert_int_eq(drops, 4);
    ck_assert_int_eq(count_fds(), fds);
    ck_assert_int_eq(count_epoll(), 0);
}
END_TEST

// Without a descriptor for the timer, that is the output.
START_TEST(test_timeout_no_descriptors)
{
    int drops = 0;

    take_descriptors(true);
    ck_assert_int_eq(
        block_on_for(60000, poll_fn(pending_poll, count_drop, &drops)),
        -EMFILE);
    ck_assert_int_eq(drops, 1);
    take_descriptors(false);
}
END_TEST

// ---------------------------------------------------------------------------
// Signals
// ---------------------------------------------------------------------------

static void block(int signum)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, signum);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

// A signal that came before, one that comes during the wait, and one for which
// nobody waits any more.
START_TEST(test_signal_recv)
{
    block(SIGUSR1);
    block(SIGUSR2);
    kill(getpid(), SIGUSR1);
    ck_assert_int_eq(executor_block_on(signal_recv(SIGUSR1)), SIGUSR1);
    int fds = count_fds();
    for (int i = 0; i < 100; i++) {
        struct task_joiner usr1 = executor_spawn(signal_recv(SIGUSR1));
        struct task_joiner usr2 = executor_spawn(signal_recv(SIGUSR2));
        if (i % 2 == 1) sleep_for(0.001);
        kill(getpid(), SIGUSR2);
        ck_assert_int_eq(task_joiner_join(&usr2), SIGUSR2);
        kill(getpid(), SIGUSR1);
        ck_assert_int_eq(task_joiner_join(&usr1), SIGUSR1);
    }
    ck_assert_int_eq(block_on_for(20, signal_recv(SIGUSR1)), -ETIMEDOUT);
    kill(getpid(), SIGUSR1);
    ck_assert_int_eq(executor_block_on(signal_recv(SIGUSR1)), SIGUSR1);
    ck_assert_int_eq(executor_block_on(signal_recv(0)), -EINVAL);
    ck_assert_int_eq(executor_block_on(signal_recv(1000)), -EINVAL);
    ck_assert_int_le(count_fds(), fds + 1); // the reactor's
    ck_assert_int_eq(count_epoll(), 0);
}
END_TEST

Suite *tcp_suite(void)
{
    Suite *suite = suite_create("tcp");

    add_test(suite, test_http_get_is_lazy, 10);
    add_test(suite, test_http_get, 10);
    add_test(suite, test_http_get_errors, 10);
    add_test(suite, test_http_get_dropped, 10);
    add_test(suite, test_http_parse_bounds, 10);
    add_test(suite, test_http_parse_noise, 30);
    add_test(suite, test_http_decode, 10);
    add_test(suite, test_tcp_write_all, 30);
    add_test(suite, test_tcp_errors, 10);
    add_test(suite, test_tcp_dropped, 20);
    add_test(suite, test_tcp_linger, 20);
    add_test(suite, test_timeout, 10);
    add_test(suite, test_timeout_no_descriptors, 10);
    add_test(suite, test_signal_recv, 20);
    return suite;
}
