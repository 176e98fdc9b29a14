// Runs the examples as a user would, and compares what they print, and when,
// with the comment at the end of each one's source. Then udp_echo, with
// blocking sockets as its clients. Nothing here uses trale itself.
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { DATAGRAM_MAX = 65507 };

// ---------------------------------------------------------------------------
// The examples that end by themselves
// ---------------------------------------------------------------------------

// Two tasks sleep for two seconds at the same time, and are joined.
START_TEST(test_readme)
{
    assert_prints("readme", 3);
}
END_TEST

// The same program, as a state machine written by hand, does the same.
START_TEST(test_states)
{
    assert_prints("states", 3);
}
END_TEST

// Two tasks sleep three times each, side by side.
START_TEST(test_timer)
{
    assert_prints("timer", 3);
}
END_TEST

// A socket bound to the address, or -1.
static int bound_socket(struct socket_addr addr)
{
    int sock = socket(addr.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (sock != -1 && bind(sock, &addr.any, addr.len) == 0) return sock;
    if (sock != -1) close(sock);
    return -1;
}

static bool is_free(void *addr)
{
    int sock = bound_socket(*(struct socket_addr *)addr);

    if (sock == -1) return false;
    close(sock);
    return true;
}

// A lock between processes: only one socket can have this name, for as long as
// it is open. A name that begins with a zero byte is in no directory.
static bool lock_9998(void *sock)
{
    struct sockaddr_un name = { AF_UNIX, "\0trale's test of port 9998" };

    return bind(*(int *)sock, (struct sockaddr *)&name, sizeof(name)) == 0;
}

int lock_port_9998(void)
{
    struct socket_addr addr = localhost(9998);
    int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    wait_until(lock_9998, &sock);
    wait_until(is_free, &addr);
    return sock;
}

// The example always uses the same port, as the same test of another checkout
// may do at this moment.
START_TEST(test_udp)
{
    int sock = lock_port_9998();

    assert_prints("udp", 3);
    close(sock);
}
END_TEST

// A task spawns another and awaits its output.
START_TEST(test_sub_tasks)
{
    assert_prints("sub_tasks", 3);
}
END_TEST

// ---------------------------------------------------------------------------
// udp_echo
// ---------------------------------------------------------------------------

// The same address with a port that nobody uses now.
static struct socket_addr free_addr(struct socket_addr addr)
{
    int sock = bound_socket(addr);

    ck_assert_msg(sock != -1, "%s", strerror(errno));
    addr = local_addr(sock);
    close(sock);
    return addr;
}

static void print_addr(char *text, size_t len, struct socket_addr addr)
{
    const char *format =
        addr.any.sa_family == AF_INET ? "127.0.0.1:%u" : "[::1]:%u";

    // The port is at the same place in both.
    snprintf(text, len, format, ntohs(addr.v4.sin_port));
}

// Starts the server and waits until it serves.
static void server_start(struct child *child, struct socket_addr addr)
{
    char text[40], line[80];

    print_addr(text, sizeof(text), addr);
    snprintf(line, sizeof(line), "Echoing on %s\n", text);
    child_start(child, "udp_echo", text);
    while (child->lines == 0 && child->out.fd != -1) child_poll(child);
    ck_assert_msg(strcmp(child->out.text, line) == 0, "%s%s", child->out.text,
                  child->err.text);
}

// The server must end at this signal, in good order, and have met no error.
static void server_stop(struct child *child, int signal)
{
    ck_assert_int_eq(kill(child->pid, signal), 0);
    int code = child_end(child);
    ck_assert_str_eq(child->err.text, "");
    ck_assert_int_eq(code, 0);
    ck_assert_int_eq(child->lines, 2);
    ck_assert_str_eq(strchr(child->out.text, '\n'), "\nBye\n");
    ck_assert_int_le(child->threads, 3);
}

// A client of the server: a blocking socket that waits for five seconds.
static int client_open(struct socket_addr server)
{
    struct timeval timeout = { (time_t)(5 * multiplier()), 0 };
    int sock = socket(server.any.sa_family, SOCK_DGRAM, 0);

    ck_assert_int_ne(sock, -1);
    ck_assert_int_eq(
        setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)),
        0);
    ck_assert_int_eq(connect(sock, &server.any, server.len), 0);
    return sock;
}

// The bytes of the nth datagram. No two of them within 251 are alike.
static void fill(char *buf, size_t len, int nth)
{
    for (size_t i = 0; i < len; i++) buf[i] = (char)(((size_t)nth + i) % 251);
}

static void send_nth(int sock, int nth, size_t len)
{
    static char buf[DATAGRAM_MAX];

    fill(buf, len, nth);
    ssize_t n = send(sock, buf, len, 0);
    ck_assert_msg(n == (ssize_t)len, "datagram %d: sent %zd of %zu bytes: %s",
                  nth, n, len, strerror(errno));
}

static void receive_nth(int sock, int nth, size_t len)
{
    static char buf[DATAGRAM_MAX + 1], sent[DATAGRAM_MAX];

    ssize_t n = recv(sock, buf, sizeof(buf), 0);
    ck_assert_msg(n != -1, "datagram %d: %s", nth, strerror(errno));
    ck_assert_msg(n == (ssize_t)len, "datagram %d: %zd of %zu bytes", nth, n,
                  len);
    fill(sent, len, nth);
    ck_assert_msg(memcmp(buf, sent, len) == 0, "datagram %d was changed", nth);
}

// From 0 to 9000 bytes: among 9001 datagrams each length comes once.
static size_t length(int nth)
{
    return (size_t)nth * 7919 % 9001;
}

// Sends one, awaits one. Nothing is sent again, so none may be lost.
static void assert_echoes(struct socket_addr addr, int signal)
{
    struct child server;

    server_start(&server, addr);
    int sock = client_open(addr), count = rounds(10000);
    for (int i = 0; i < count; i++) {
        send_nth(sock, i, length(i));
        receive_nth(sock, i, length(i));
    }
    close(sock);
    server_stop(&server, signal);
}

// 10,000 datagrams of many lengths come back as they were, one by one.
START_TEST(test_echo_ipv4)
{
    assert_echoes(free_addr(localhost(0)), SIGINT);
}
END_TEST

// The same over IPv6, where the machine has it.
START_TEST(test_echo_ipv6)
{
    struct socket_addr any_port = localhost6(0);

    if (is_free(&any_port))
        assert_echoes(free_addr(any_port), SIGTERM);
    else
        skip("this machine has no ::1");
}
END_TEST

// The longest datagram that UDP can carry comes back whole.
START_TEST(test_echo_largest)
{
    struct socket_addr addr = free_addr(localhost(0));
    struct child server;

    server_start(&server, addr);
    int sock = client_open(addr);
    send_nth(sock, 0, DATAGRAM_MAX);
    receive_nth(sock, 0, DATAGRAM_MAX);
    close(sock);
    server_stop(&server, SIGINT);
}
END_TEST

// Each has one datagram under way, and must get its own back.
START_TEST(test_echo_two_clients)
{
    struct socket_addr addr = free_addr(localhost(0));
    struct child server;

    server_start(&server, addr);
    int socks[] = { client_open(addr), client_open(addr) };
    int count = rounds(10000) & ~1;
    for (int i = 0; i < count; i += 2) {
        for (int j = 0; j < 2; j++) send_nth(socks[j], i + j, length(i + j));
        for (int j = 0; j < 2; j++) receive_nth(socks[j], i + j, length(i + j));
    }
    for (int j = 0; j < 2; j++) close(socks[j]);
    server_stop(&server, SIGINT);
}
END_TEST

// The CPU time that another process has used so far.
static double child_cpu(const struct child *child)
{
    struct timespec time;
    clockid_t clock;

    ck_assert_int_eq(clock_getcpuclockid(child->pid, &clock), 0);
    ck_assert_int_eq(clock_gettime(clock, &time), 0);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// Three threads, all asleep: no CPU time at all passes in half a second. What
// the server still does after its last echo may fall into the first try. The
// thread sanitizer's thread wakes up now and then.
START_TEST(test_echo_idle)
{
    struct socket_addr addr = free_addr(localhost(0));
    double used = 1, allowed = sanitizer_threads() == 0 ? 0 : 0.005;
    struct child server;

    server_start(&server, addr);
    int sock = client_open(addr);
    send_nth(sock, 1, 1);
    receive_nth(sock, 1, 1);
    for (int try = 0; try < 5 && used > allowed; try++) {
        double before = child_cpu(&server);
        sleep_for(0.5);
        used = child_cpu(&server) - before;
    }
    ck_assert_msg(used <= allowed, "%.6f s of CPU time in 0.5 s", used);
    ck_assert_int_eq(child_threads(&server) - sanitizer_threads(), 3);
    close(sock);
    server_stop(&server, SIGTERM);
}
END_TEST

// Nothing was asked of it yet: it must not be too early for the signal.
START_TEST(test_echo_signals)
{
    static const int signals[] = { SIGINT, SIGTERM };

    for (int i = 0; i < 2; i++) {
        struct child server;
        server_start(&server, free_addr(localhost(0)));
        server_stop(&server, signals[i]);
    }
}
END_TEST

// SIGQUIT makes it print where its tasks are, and it goes on.
START_TEST(test_echo_dump)
{
    struct socket_addr addr = free_addr(localhost(0));
    struct child server;

    server_start(&server, addr);
    int sock = client_open(addr);
    for (int i = 0; i < 3; i++) {
        send_nth(sock, i, 10);
        receive_nth(sock, i, 10);
        ck_assert_int_eq(kill(server.pid, SIGQUIT), 0);
        const char *last; // the line of the task that prints
        while ((last = strstr(server.err.text, "\npoll dump#")) == NULL ||
               strchr(last + 1, '\n') == NULL)
            child_poll(&server);
        ck_assert_ptr_nonnull(strstr(server.err.text, " > recv_from"));
        server.err = (struct stream){ .fd = server.err.fd };
    }
    close(sock);
    server_stop(&server, SIGINT);
}
END_TEST

// The server must refuse to start: one line on stderr and this exit code.
static void assert_refuses(const char *arg, int code)
{
    struct child child;

    child_start(&child, "udp_echo", arg);
    ck_assert_msg(child_end(&child) == code, "%s: not exit code %d: %s", arg,
                  code, child.err.text);
    ck_assert_str_eq(child.out.text, "");
    char *text = child.err.text;
    ck_assert_msg(strncmp(text, "udp_echo: ", 10) == 0, "%s", text);
    ck_assert_ptr_nonnull(strstr(text, arg));
    ck_assert_msg(strchr(text, '\n') == text + child.err.len - 1,
                  "not one line: %s", text);
}

// What is no address is told in one line, and the exit code is 2.
START_TEST(test_echo_bad_address)
{
    static const char *const args[] = {
        "",           "nonsense",        "localhost:9999", "127.0.0.1",
        "127.0.0.1:", "127.0.0.1:65536", "256.0.0.1:9999", "127.0.0.1:9999x",
        "[::1]",      "[::1:9999",       "::1:9999",       "[127.0.0.1]:9999"
    };

    for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++)
        assert_refuses(args[i], 2);
}
END_TEST

// A port that is taken is told in one line, and the exit code is 1.
START_TEST(test_echo_port_in_use)
{
    int sock = bound_socket(localhost(0));
    char text[40];

    ck_assert_int_ne(sock, -1);
    print_addr(text, sizeof(text), local_addr(sock));
    assert_refuses(text, 1);
    close(sock);
}
END_TEST

Suite *examples_suite(void)
{
    Suite *suite = suite_create("examples");

    add_test(suite, test_readme, 10);
    add_test(suite, test_states, 10);
    add_test(suite, test_timer, 10);
    add_test(suite, test_udp, 20);
    add_test(suite, test_sub_tasks, 10);
    add_test(suite, test_echo_ipv4, 60);
    add_test(suite, test_echo_ipv6, 60);
    add_test(suite, test_echo_largest, 10);
    add_test(suite, test_echo_two_clients, 60);
    add_test(suite, test_echo_idle, 10);
    add_test(suite, test_echo_signals, 10);
    add_test(suite, test_echo_dump, 10);
    add_test(suite, test_echo_bad_address, 20);
    add_test(suite, test_echo_port_in_use, 10);
    return suite;
}
