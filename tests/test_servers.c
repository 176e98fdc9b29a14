// Runs delayserver, web_server and tcp_echo as a user would, with curl and with
// sockets that send what no good client sends. Nothing here uses trale itself.
#include "child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// ---------------------------------------------------------------------------
// A server and what it prints
// ---------------------------------------------------------------------------

// Both streams go to files in memory: a server that prints a lot never waits
// for us to read.
struct server {
    pid_t pid;
    int out, err;
    uint16_t port;
};

// How much more time the programs take when a sanitizer watches them.
static double slowdown(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 8 * multiplier();
#endif
#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return 8 * multiplier();
#endif
#endif
    return multiplier();
}

// The whole of the file, with a zero byte after it, until the next call.
static const char *contents(int file)
{
    static char *text;
    off_t size = lseek(file, 0, SEEK_END);

    ck_assert_int_ge(size, 0);
    free(text);
    text = calloc(1, (size_t)size + 1);
    ck_assert_ptr_nonnull(text);
    ck_assert_int_eq(pread(file, text, (size_t)size, 0), size);
    return text;
}

// The descriptors that the process has in its epoll set.
static int count_waited_for(pid_t pid)
{
    char path[80], text[300];
    struct dirent *entry;
    int count = 0;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL) {
        snprintf(path, sizeof(path), "/proc/%d/fd/%.20s", (int)pid,
                 entry->d_name);
        ssize_t len = readlink(path, text, sizeof(text) - 1);
        text[len < 0 ? 0 : len] = '\0';
        if (strstr(text, "[eventpoll]") == NULL) continue;
        snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.20s", (int)pid,
                 entry->d_name);
        FILE *info = fopen(path, "r");
        if (info == NULL) continue;
        while (fgets(text, sizeof(text), info) != NULL)
            count += strncmp(text, "tfd:", 4) == 0;
        fclose(info);
    }
    closedir(dir);
    return count;
}

// Has it printed its line, and does it wait for connections and for SIGQUIT?
// Then it has all the descriptors that it keeps.
static bool listens(void *data)
{
    struct server *server = data;
    int status;

    ck_assert_msg(waitpid(server->pid, &status, WNOHANG) == 0,
                  "it ended with status %#x: %s", (unsigned)status,
                  contents(server->err));
    return strchr(contents(server->out), '\n') != NULL &&
           count_waited_for(server->pid) == 2;
}

// Starts build/examples/PROGRAM ARG... with at most so many descriptors (0: as
// many as we may have) and waits until it says where it listens. Should the
// test fail, Check kills it.
static void server_start(struct server *server, rlim_t descriptors,
                         const char *program, const char *arg1,
                         const char *arg2)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/examples/%s", BUILD, program);
    *server = (struct server){ .out = memfd_create("stdout", MFD_CLOEXEC),
                               .err = memfd_create("stderr", MFD_CLOEXEC) };
    ck_assert_int_ne(server->out, -1);
    ck_assert_int_ne(server->err, -1);
    ck_assert_int_eq(fcntl(server->err, F_SETFL, O_APPEND), 0); // for ftruncate
    server->pid = fork();
    ck_assert_int_ne(server->pid, -1);
    if (server->pid == 0) {
        struct rlimit limit = { descriptors, descriptors };
        dup2(server->out, STDOUT_FILENO);
        dup2(server->err, STDERR_FILENO);
        if (descriptors != 0) setrlimit(RLIMIT_NOFILE, &limit);
        execl(path, path, arg1, arg2, (char *)NULL);
        perror(path);
        _exit(127);
    }
    wait_until(listens, server);
    const char *text = contents(server->out);
    int end = 0;
    unsigned short port;
    ck_assert_msg(sscanf(text, "Listening on 127.0.0.1:%hu\n%n", &port, &end) ==
                          1 &&
                      end > 0,
                  "%s", text);
    server->port = port;
}

// The server must end at the signal, in good order; it must have printed `err`
// to stderr, or nothing that the caller has not seen (NULL).
static void server_stop(struct server *server, int signal, const char *err)
{
    int status;

    ck_assert_int_eq(kill(server->pid, signal), 0);
    ck_assert_int_eq(waitpid(server->pid, &status, 0), server->pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
                  "status %#x, stderr: %s", (unsigned)status,
                  contents(server->err));
    if (err != NULL) ck_assert_str_eq(contents(server->err), err);
    const char *text = contents(server->out);
    ck_assert_str_eq(text + strlen(text) - 5, "\nBye\n");
    close(server->out);
    close(server->err);
}

static void delayserver_start(struct server *server)
{
    server_start(server, 0, "delayserver", "127.0.0.1:0", NULL);
}

static int server_threads(const struct server *server)
{
    return child_threads(&(struct child){ .pid = server->pid }) -
           sanitizer_threads();
}

static int server_fds(const struct server *server)
{
    char path[40];
    int count = -2; // "." and ".."

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)server->pid);
    DIR *dir = opendir(path);
    ck_assert_ptr_nonnull(dir);
    while (readdir(dir) != NULL) count++;
    closedir(dir);
    return count;
}

// From now on it can open no descriptor: the first free number is the limit.
// Returns what the limit was.
static struct rlimit take_descriptors(const struct server *server)
{
    struct rlimit none = { 0, 0 }, limit;
    char path[60];

    do
        snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)server->pid,
                 (int)none.rlim_cur++);
    while (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
    none.rlim_cur--;
    ck_assert_int_eq(prlimit(server->pid, RLIMIT_NOFILE, NULL, &limit), 0);
    none.rlim_max = limit.rlim_max;
    ck_assert_int_eq(prlimit(server->pid, RLIMIT_NOFILE, &none, NULL), 0);
    return limit;
}

static double server_cpu(const struct server *server)
{
    struct timespec time;
    clockid_t clock;

    ck_assert_int_eq(clock_getcpuclockid(server->pid, &clock), 0);
    ck_assert_int_eq(clock_gettime(clock, &time), 0);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

struct fds {
    const struct server *server;
    int count;
};

static bool has_fds(void *data)
{
    struct fds *fds = data;

    return server_fds(fds->server) == fds->count;
}

// ---------------------------------------------------------------------------
// A client: a blocking socket that waits for twenty seconds at most
// ---------------------------------------------------------------------------

static int client_open(const struct server *server)
{
    struct socket_addr addr = localhost(server->port);
    struct timeval timeout = { (time_t)(20 * multiplier()), 0 };
    int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_msg(sock != -1, "%s", strerror(errno));
    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    ck_assert_msg(connect(sock, &addr.any, addr.len) == 0, "%s",
                  strerror(errno));
    return sock;
}

static void client_send(int sock, const void *data, size_t len)
{
    ssize_t n = send(sock, data, len, MSG_NOSIGNAL);

    ck_assert_msg(n == (ssize_t)len, "sent %zd of %zu bytes: %s", n, len,
                  strerror(errno));
}

static void client_print(int sock, const char *text)
{
    client_send(sock, text, strlen(text));
}

// Reads to the end and closes the socket. A reset in place of an end fails the
// test. Returns the length; a zero byte follows.
static size_t client_finish(int sock, char *reply, size_t size)
{
    size_t len = 0;
    ssize_t n;

    while ((n = recv(sock, reply + len, size - 1 - len, 0)) > 0)
        len += (size_t)n;
    ck_assert_msg(n == 0, "after %zu bytes: %s", len, strerror(errno));
    ck_assert_uint_lt(len, size - 1);
    reply[len] = '\0';
    close(sock);
    return len;
}

static int status_of(const char *reply)
{
    int status = 0;

    sscanf(reply, "HTTP/1.1 %d ", &status);
    return status;
}

// The reply must be complete, and have this status, this body (NULL: any).
static void assert_reply(const char *reply, size_t len, int status,
                         const char *body)
{
    const char *end = strstr(reply, "\r\n\r\n");
    const char *length = strstr(reply, "\r\nContent-Length: ");

    ck_assert_msg(status_of(reply) == status, "not %d: %s", status, reply);
    ck_assert_ptr_nonnull(end);
    ck_assert_ptr_nonnull(length);
    ck_assert_uint_eq((size_t)atoll(length + 18),
                      len - (size_t)(end + 4 - reply));
    ck_assert_ptr_nonnull(strstr(reply, "\r\nConnection: close\r\n"));
    if (body != NULL) ck_assert_str_eq(end + 4, body);
}

// Sends this as one request, and checks the reply.
static void assert_asks(const struct server *server, const void *request,
                        size_t request_len, int status, const char *body)
{
    static char reply[1 << 16];
    int sock = client_open(server);

    client_send(sock, request, request_len);
    size_t len = client_finish(sock, reply, sizeof(reply));
    ck_assert_msg(status_of(reply) == status, "not %d, after %.80s: %s", status,
                  (const char *)request, reply);
    assert_reply(reply, len, status, body);
}

static void assert_gets(const struct server *server, const char *target,
                        int status, const char *body)
{
    char request[500];
    int len = snprintf(request, sizeof(request),
                       "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);

    assert_asks(server, request, (size_t)len, status, body);
}

// ---------------------------------------------------------------------------
// delayserver
// ---------------------------------------------------------------------------

// Beyond the line that says where it listens.
static bool has_printed(void *data)
{
    return strstr(contents(((struct server *)data)->out), "\n#1 - ") != NULL;
}

// It prints the message at once, and replies with it when the delay is over.
START_TEST(test_delay)
{
    struct server server;
    char reply[500];

    delayserver_start(&server);
    int sock = client_open(&server);
    double start = now();
    client_print(sock, "GET /600/hello HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_until(has_printed, &server);
    struct pollfd fd = { sock, POLLIN, 0 };
    ck_assert_msg(poll(&fd, 1, 0) == 0 || now() > start + 0.600,
                  "the reply came too early");
    size_t len = client_finish(sock, reply, sizeof(reply));
    double time = now() - start;
    ck_assert_str_eq(strchr(contents(server.out), '\n'),
                     "\n#1 - 600ms: hello\n");
    assert_reply(reply, len, 200, "hello");
    ck_assert_msg(time >= 0.600 && time < 0.600 + slowdown(), "%.3f s", time);
    ck_assert_int_eq(server_threads(&server), 3);
    server_stop(&server, SIGINT, "");
}
END_TEST

// Messages are decoded; what would command a terminal is not printed.
START_TEST(test_delay_messages)
{
    struct server server;

    delayserver_start(&server);
    assert_gets(&server, "/0/a%20b%2Bc+d", 200, "a b+c+d");
    assert_gets(&server, "/0/%c3%A9\xc3\xa9", 200, "\xc3\xa9\xc3\xa9");
    assert_gets(&server, "/0/%1b[2J%0a", 200, "\x1b[2J\n");
    assert_gets(&server, "/007/a/b", 200, "a/b");
    assert_gets(&server, "/0/question?answer=42", 200, "question");
    server_stop(&server, SIGTERM, "");
}
END_TEST

static bool is_installed(const char *program)
{
    char command[100];

    snprintf(command, sizeof(command), "command -v %s > /dev/null", program);
    return system(command) == 0;
}

// Runs the shell command and returns what it prints, until the next call.
static const char *run(const char *format, ...)
{
    static char output[1 << 16];
    char command[500];
    va_list args;

    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    output[fread(output, 1, sizeof(output) - 1, pipe)] = '\0';
    int status = pclose(pipe);
    ck_assert_msg(status == 0, "%s: status %#x", command, (unsigned)status);
    return output;
}

START_TEST(test_delay_curl)
{
    struct server server;

    if (!is_installed("curl")) {
        skip("curl is not installed");
        return;
    }
    delayserver_start(&server);
    ck_assert_str_eq(run("curl -sS -m 20 -w ' %%{http_code} %%{content_type}' "
                         "http://127.0.0.1:%u/100/hello%%20world",
                         server.port),
                     "hello world 200 text/plain; charset=utf-8");
    ck_assert_str_eq(
        run("curl -sS -m 20 http://127.0.0.1:%u/hello/100", server.port),
        "400 Bad Request\n");
    server_stop(&server, SIGINT, "");
}
END_TEST

// A request of the load: its socket, when it was sent, what has come so far.
struct load {
    int sock;
    bool sent;
    double start;
    size_t len;
    char reply[300];
};

static void load_connect(struct load *load, int epoll, int nth,
                         const struct server *server)
{
    struct socket_addr addr = localhost(server->port);
    struct epoll_event event = { .events = EPOLLOUT,
                                 .data.u64 = (uint64_t)nth };

    load->sock = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ck_assert_msg(load->sock != -1, "connection %d: %s", nth, strerror(errno));
    ck_assert_msg(connect(load->sock, &addr.any, addr.len) == 0 ||
                      errno == EINPROGRESS,
                  "connection %d: %s", nth, strerror(errno));
    ck_assert_int_eq(epoll_ctl(epoll, EPOLL_CTL_ADD, load->sock, &event), 0);
}

// Connected: sends the request. Readable: reads. Returns whether it is over.
static bool load_go_on(struct load *load, int epoll, int nth, int millis)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)nth };
    char request[80];
    ssize_t n;

    if (!load->sent) {
        n = snprintf(request, sizeof(request),
                     "GET /%d/message%d HTTP/1.1\r\nHost: x\r\n\r\n", millis,
                     nth);
        load->sent = true;
        load->start = now();
        client_send(load->sock, request, (size_t)n);
        epoll_ctl(epoll, EPOLL_CTL_MOD, load->sock, &event);
        return false;
    }
    while ((n = recv(load->sock, load->reply + load->len,
                     sizeof(load->reply) - 1 - load->len, 0)) > 0)
        load->len += (size_t)n;
    ck_assert_msg(n == 0 || errno == EAGAIN, "connection %d: %s", nth,
                  strerror(errno));
    if (n == 0) close(load->sock);
    return n == 0;
}

// A number of requests, begun within `spread` seconds, all under way at the
// same time. One thread, so it also measures how late it is itself: a beat
// every 10 ms. Returns the worst time beyond the delay that a reply took.
static double run_load(const struct server *server, int count, int millis,
                       double spread, double *lateness)
{
    struct load *loads = calloc((size_t)count, sizeof(*loads));
    struct itimerspec beat = { { 0, 10000000 }, { 0, 10000000 } };
    int epoll = epoll_create1(EPOLL_CLOEXEC), begun = 0, over = 0;
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = UINT64_MAX };
    double start = now(), worst = 0;

    ck_assert_ptr_nonnull(loads);
    ck_assert_int_eq(epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event), 0);
    ck_assert_int_eq(timerfd_settime(timer, 0, &beat, NULL), 0);
    *lateness = 0;
    while (over < count) {
        struct epoll_event events[64];
        uint64_t beats;
        while (begun < count && now() - start >= spread * begun / count) {
            load_connect(&loads[begun], epoll, begun, server);
            begun++;
        }
        int n = epoll_wait(epoll, events, 64, begun < count ? 0 : -1);
        for (int i = 0; i < n; i++) {
            int nth = (int)events[i].data.u64;
            if (events[i].data.u64 == UINT64_MAX) {
                if (read(timer, &beats, sizeof(beats)) == sizeof(beats) &&
                    0.010 * (double)(beats - 1) > *lateness)
                    *lateness = 0.010 * (double)(beats - 1);
                continue;
            }
            if (!load_go_on(&loads[nth], epoll, nth, millis)) continue;
            double late = now() - loads[nth].start - millis / 1e3;
            ck_assert_msg(late >= 0, "%.3f s too early", -late);
            if (late > worst) worst = late;
            over++;
        }
    }
    for (int i = 0; i < count; i++) {
        char body[40];
        snprintf(body, sizeof(body), "message%d", i);
        assert_reply(loads[i].reply, loads[i].len, 200, body);
    }
    free(loads);
    close(timer);
    close(epoll);
    return worst;
}

static int count_lines(const char *text)
{
    int count = 0;

    for (; *text != '\0'; text++) count += *text == '\n';
    return count;
}

struct lines {
    const struct server *server;
    int count;
};

static bool has_lines(void *data)
{
    struct lines *lines = data;

    return count_lines(contents(lines->server->out)) >= lines->count;
}

// It has printed so many lines and no more. The log may come after the reply.
static void assert_lines(const struct server *server, int count)
{
    wait_until(has_lines, &(struct lines){ server, count });
    ck_assert_int_eq(count_lines(contents(server->out)), count);
}

// 2,000 requests at a time, each of which gets its own reply within 150 ms of
// its delay, from three threads. Where the machine gives even us our turn late,
// the server may be late by more.
START_TEST(test_delay_load)
{
    struct rlimit limit;
    struct server server;
    int count = 2000;
    double lateness;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < 4096) {
        printf(
            "delay_load: with 200 requests, not 2000: only %lu descriptors\n",
            (unsigned long)limit.rlim_max);
        count = 200;
    }
    delayserver_start(&server);
    int fds = server_fds(&server);
    double late = run_load(&server, count, 1500 * (slowdown() > 2 ? 4 : 1),
                           0.4 * slowdown(), &lateness);
    double allowed = 0.150 * slowdown() + 10 * lateness;
    ck_assert_msg(late < allowed, "%.3f s late, not %.3f (we: %.3f)", late,
                  allowed, lateness);
    ck_assert_int_eq(server_threads(&server), 3);
    assert_lines(&server, 1 + count);
    wait_until(has_fds, &(struct fds){ &server, fds });
    server_stop(&server, SIGTERM, "");
}
END_TEST

#define REQUEST(status, text)          \
    {                                  \
        status, text, sizeof(text) - 1 \
    }

// What is no good request, and the status that tells so.
static const struct {
    int status;
    const char *text;
    size_t len;
} bad_requests[] = {
    REQUEST(400, "\r\n\r\n"),
    REQUEST(400, "\n"),
    REQUEST(400, "GET\r\n\r\n"),
    REQUEST(400, "GET \r\n\r\n"),
    REQUEST(400, "GET /0/x\r\n\r\n"),
    REQUEST(400, "GET /0/x \r\n\r\n"),
    REQUEST(400, "GET HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET  /0/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /0/x  HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /0/x HTTP/1.1 \r\n\r\n"),
    REQUEST(400, "GET /0/x y HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET\t/0/x\tHTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, " GET /0/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "G(T /0/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "G\xc3\x89T /0/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET 0/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET ftp://localhost/0/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET http:///0/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET http://a@b/0/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET http://a#b/0/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /0/x HTTP/1.1\r\n\r\n"), // no Host
    REQUEST(400, "GET /0/x HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n"),
    REQUEST(400, "GET /0/x HTTP/1.0\r\nHost: x\r\nhost: x\r\n\r\n"),
    REQUEST(400, "GET /0/x HTTP/1.1\r\nHost: a b\r\n\r\n"),
    REQUEST(400, "GET /0/x HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    REQUEST(400, "GET /0/x http/1.1\r\n\r\n"),
    REQUEST(400, "GET /0/x HTTP/1\r\n\r\n"),
    REQUEST(400, "GET /0/x HTTP/11\r\n\r\n"),
    REQUEST(400, "GET /0/x HTTP/1.10\r\n\r\n"),
    REQUEST(400, "GET /0/x HTTP/x.1\r\n\r\n"),
    REQUEST(400, "GET /0/x FTP/1.1\r\n\r\n"),
    REQUEST(505, "GET /0/x HTTP/2.0\r\n\r\n"),
    REQUEST(505, "GET /0/x HTTP/0.9\r\n\r\n"),
    REQUEST(400, "GET /0/x\0 HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /0/\0x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "\0\0\0\0\r\n\r\n"),
    REQUEST(400, "GET /0/x\r HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /0/x HTTP/1.1\r\r\n\r\n"),
    REQUEST(400, "GET /0/\x7f HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /0/x HTTP/1.1\r\nHost\r\n\r\n"),
    REQUEST(400, "GET /0/x HTTP/1.1\r\n: x\r\n\r\n"),
    REQUEST(400, "GET /0/x HTTP/1.1\r\nHost : x\r\n\r\n"),
    REQUEST(400, "GET /0/x HTTP/1.1\r\n Host: x\r\n\r\n"),
    REQUEST(400, "GET /0/x HTTP/1.1\r\nA: b\r\n c\r\n\r\n"),
    REQUEST(400, "GET /0/x HTTP/1.1\r\nA: b\0c\r\n\r\n"),
    REQUEST(400, "GET /0/x HTTP/1.1\r\nA: b\rc\r\n\r\n"),
    REQUEST(400, "GET /0/x HTTP/1.1\r\n\0\r\n\r\n"),
    REQUEST(400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n"), // TLS
    REQUEST(501, "POST /0/x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"),
    REQUEST(501, "get /0/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(501, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(501, "CONNECT localhost:80 HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /600 HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /600/ HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /600/?x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /600?/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET //x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /x/600 HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /-1/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /+1/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /0x10/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /1e3/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /1.5/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /%31/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /3600001/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /4294967297/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /18446744073709551617/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400,
            "GET /99999999999999999999999999/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /0/% HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /0/%4 HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /0/%zz HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /0/%+1 HTTP/1.1\r\nHost: x\r\n\r\n"),
    REQUEST(400, "GET /0/x%00y HTTP/1.1\r\nHost: x\r\n\r\n"),
};

enum { BAD_REQUESTS = sizeof(bad_requests) / sizeof(bad_requests[0]) };

// A request that is under way while others misbehave.
static int witness_open(const struct server *server, int millis)
{
    int sock = client_open(server);
    char request[80];

    snprintf(request, sizeof(request),
             "GET /%d/witness HTTP/1.1\r\nHost: x\r\n\r\n", millis);
    client_print(sock, request);
    return sock;
}

static void witness_close(int sock)
{
    char reply[300];
    size_t len = client_finish(sock, reply, sizeof(reply));

    assert_reply(reply, len, 200, "witness");
}

// Each is told what is wrong, and none disturbs the request under way. Then the
// same once more, but the bytes come one by one.
START_TEST(test_delay_malformed)
{
    struct server server;
    char reply[500];
    int on = 1;

    delayserver_start(&server);
    int fds = server_fds(&server), witness = witness_open(&server, 1000);
    for (int i = 0; i < BAD_REQUESTS; i++)
        assert_asks(&server, bad_requests[i].text, bad_requests[i].len,
                    bad_requests[i].status, NULL);
    for (int i = 0; i < BAD_REQUESTS; i++) {
        int sock = client_open(&server);
        setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        // What follows the error is perhaps not wanted any more.
        for (size_t j = 0; j < bad_requests[i].len; j++)
            if (send(sock, bad_requests[i].text + j, 1, MSG_NOSIGNAL) != 1)
                break;
        size_t len = client_finish(sock, reply, sizeof(reply));
        assert_reply(reply, len, bad_requests[i].status, NULL);
    }
    witness_close(witness);
    // Nobody else was served.
    ck_assert_str_eq(strchr(contents(server.out), '\n'),
                     "\n#1 - 1000ms: witness\n");
    wait_until(has_fds, &(struct fds){ &server, fds });
    server_stop(&server, SIGINT, "");
}
END_TEST

// What a lenient server takes: LF alone, odd headers, no headers, HTTP/1.0; and
// a second request after the first, which is not answered, but does not make
// the kernel cut off the first reply.
START_TEST(test_delay_well_formed)
{
    static const char *const requests[] = {
        "GET /0/x HTTP/1.0\r\n\r\n",
        "GET /0/x HTTP/1.0\n\n",
        "GET /0/x HTTP/1.1\nHost: x\r\n\n",
        "GET http://localhost:8080/0/x HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET HTTP://[::1]/0/x HTTP/1.1\r\nhOST:\t[::1]:80 \r\n\r\n",
        "GET /0/x HTTP/1.9\r\nHost:\r\nA:\tb: c\t\r\n\r\n",
        "GET /0/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
        ("GET /0/x HTTP/1.1\r\nHost: x\r\n\r\n"
         "GET /0/y HTTP/1.1\r\nHost: x\r\n\r\n"),
        "GET /0/x HTTP/1.1\r\nHost: x\r\n\r\n\r\n\0\xff garbage",
    };
    struct server server;

    delayserver_start(&server);
    for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
        assert_asks(&server, requests[i], strlen(requests[i]), 200, "x");
    assert_lines(&server, 1 + 9);
    server_stop(&server, SIGINT, "");
}
END_TEST

// A request of `lines` headers of 100 bytes, with a target so long, after which
// `body` bytes follow. All is sent before a byte of the reply is read, which
// must arrive nevertheless.
static void assert_long(const struct server *server, const char *method,
                        size_t target, size_t lines, size_t body, int status)
{
    size_t size = target + 100 * lines + body + 100;
    char *request = malloc(size), *p = request, header[101];

    ck_assert_ptr_nonnull(request);
    memset(header, 'h', 100);
    memcpy(header, "Name: ", 6);
    memcpy(header + 98, "\r\n", 3);
    p += sprintf(p, "%s /0/", method);
    memset(p, 'm', target - 3);
    p += target - 3;
    p += sprintf(p, " HTTP/1.1\r\nHost: x\r\n");
    for (size_t i = 0; i < lines; i++) p += sprintf(p, "%s", header);
    p += sprintf(p, "\r\n");
    memset(p, 'b', body);
    p += body;
    assert_asks(server, request, (size_t)(p - request), status, NULL);
    free(request);
}

START_TEST(test_delay_oversized)
{
    struct server server;

    delayserver_start(&server);
    int fds = server_fds(&server), witness = witness_open(&server, 1000);
    assert_long(&server, "GET", 7900, 1, 0, 200);
    assert_long(&server, "GET", 7000, 90, 0, 200);
    assert_long(&server, "GET", 8000, 1, 0, 414);
    assert_long(&server, "GET", 100000, 1, 0, 414);
    assert_long(&server, "GET", 10, 165, 0, 431);
    assert_long(&server, "GET", 10, 2000, 0, 431);
    assert_long(&server, "POST", 10, 1, 500000, 501);
    assert_long(&server, "GET", 10, 1, 500000, 200);
    witness_close(witness);
    wait_until(has_fds, &(struct fds){ &server, fds });
    server_stop(&server, SIGINT, "");
}
END_TEST

// Who connects and sends nothing, or half a request, or a byte now and then, is
// told after five seconds, and keeps nobody waiting meanwhile.
START_TEST(test_delay_slow)
{
    enum { COUNT = 60 };
    struct server server;
    int socks[COUNT];
    char reply[500];

    delayserver_start(&server);
    int fds = server_fds(&server);
    double start = now();
    for (int i = 0; i < COUNT; i++) {
        socks[i] = client_open(&server);
        if (i % 3 > 0) client_print(socks[i], "GET /0/x HT");
    }
    for (int beat = 0; beat < 8; beat++) {
        double before = now();
        assert_gets(&server, "/0/quick", 200, "quick");
        ck_assert_msg(now() - before < 2 * multiplier(), "it took %.3f s",
                      now() - before);
        for (int i = 2; i < COUNT; i += 3) client_print(socks[i], "T");
        sleep_for(0.4);
    }
    for (int i = 0; i < COUNT; i++) {
        size_t len = client_finish(socks[i], reply, sizeof(reply));
        // H, T and eight more: of the third kind this is no HTTP version, but
        // the line has no end, so time decides here too.
        assert_reply(reply, len, 408, NULL);
    }
    double time = now() - start;
    ck_assert_msg(time >= 5 && time < 5 + 2 * slowdown(), "%.3f s", time);
    wait_until(has_fds, &(struct fds){ &server, fds });
    server_stop(&server, SIGINT, "");
}
END_TEST

static void client_reset(int sock)
{
    struct linger linger = { 1, 0 };

    setsockopt(sock, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    close(sock);
}

// Connections that end early: before the request, in it, after it, by a reset
// or by a half-close. The half-closed ones still get what they asked for.
START_TEST(test_delay_aborted)
{
    struct server server;
    char reply[500];
    int half[50], count = rounds(200);

    delayserver_start(&server);
    int fds = server_fds(&server), witness = witness_open(&server, 1000);
    for (int i = 0; i < count; i++) {
        int sock = client_open(&server);
        if (i % 4 > 0) client_print(sock, "GET /300/gone HTTP/1.0\r\n");
        if (i % 4 > 1) client_print(sock, "\r\n");
        if (i % 4 == 3 || i % 8 == 0)
            close(sock);
        else
            client_reset(sock);
    }
    for (int i = 0; i < 50; i++) {
        half[i] = client_open(&server);
        client_print(half[i], i % 2 ? "GET /300/x HTTP/1.1\r\nHost: x\r\n\r\n"
                                    : "GET /300/x HTTP/1.0\r\n");
        shutdown(half[i], SHUT_WR);
    }
    for (int i = 0; i < 50; i++) {
        size_t len = client_finish(half[i], reply, sizeof(reply));
        assert_reply(reply, len, i % 2 ? 200 : 400, i % 2 ? "x" : NULL);
    }
    // Neither a request nor a byte: nobody to reply to.
    int sock = client_open(&server);
    shutdown(sock, SHUT_WR);
    ck_assert_uint_eq(client_finish(sock, reply, sizeof(reply)), 0);
    witness_close(witness);
    wait_until(has_fds, &(struct fds){ &server, fds });
    ck_assert_int_eq(server_threads(&server), 3);
    server_stop(&server, SIGINT, "");
}
END_TEST

// With 64 descriptors for 300 peers they are served some at a time: no error,
// no reply but the right one.
START_TEST(test_delay_few_descriptors)
{
    struct server server;
    double lateness;

    server_start(&server, 64, "delayserver", "127.0.0.1:0", NULL);
    int fds = server_fds(&server);
    run_load(&server, 300, 50, 0, &lateness);
    wait_until(has_fds, &(struct fds){ &server, fds });
    server_stop(&server, SIGINT, "");
}
END_TEST

// When accept itself fails, the server neither ends nor spins: it waits until
// descriptors are free again, and then serves those who waited with it.
START_TEST(test_delay_no_descriptors)
{
    struct rlimit limit;
    struct server server;
    int socks[10];
    char reply[500];

    delayserver_start(&server);
    limit = take_descriptors(&server);
    for (int i = 0; i < 10; i++) {
        socks[i] = client_open(&server);
        client_print(socks[i], "GET /0/x HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    sleep_for(0.2);
    double cpu = server_cpu(&server);
    sleep_for(1);
    cpu = server_cpu(&server) - cpu;
    ck_assert_msg(cpu < 0.05 * slowdown(), "%.3f s of CPU time in 1 s", cpu);
    struct pollfd fd = { socks[0], POLLIN, 0 };
    ck_assert_int_eq(poll(&fd, 1, 0), 0);
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, &limit, NULL), 0);
    for (int i = 0; i < 10; i++) {
        size_t len = client_finish(socks[i], reply, sizeof(reply));
        assert_reply(reply, len, 200, "x");
    }
    const char *line = "accept: Too many open files\n";
    ck_assert_msg(strncmp(contents(server.err), line, strlen(line)) == 0, "%s",
                  contents(server.err));
    server_stop(&server, SIGINT, NULL);
}
END_TEST

// ---------------------------------------------------------------------------
// web_server
// ---------------------------------------------------------------------------

// A folder within a folder, both in /tmp. Only the inner one is served.
struct site {
    char outer[40], folder[60];
};

static void site_write(const struct site *site, const char *name,
                       const void *data, size_t len)
{
    char path[120];

    snprintf(path, sizeof(path), "%s/%s", site->folder, name);
    FILE *file = fopen(path, "w");
    ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
    ck_assert_uint_eq(fwrite(data, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

enum { BIG = 5000000 };

static char *big(void)
{
    static char *data;

    if (data == NULL) {
        data = malloc(BIG);
        ck_assert_ptr_nonnull(data);
        for (size_t i = 0; i < BIG; i++) data[i] = (char)(i % 251);
    }
    return data;
}

static void site_make(struct site *site)
{
    strcpy(site->outer, "/tmp/trale-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(site->outer));
    snprintf(site->folder, sizeof(site->folder), "%s/folder", site->outer);
    ck_assert_int_eq(mkdir(site->folder, 0700), 0);
    site_write(site, "index.html", "<h1>Index</h1>\n", 15);
    site_write(site, "a b.txt", "blank\n", 6);
    site_write(site, "%2e.txt", "percent\n", 8);
    site_write(site, "..dots..", "dots\n", 5);
    site_write(site, "empty", "", 0);
    site_write(site, "big.png", big(), BIG);
    site_write(site, "../secret.txt", "SECRET\n", 7);
    run("cd %s && mkdir sub && echo '<p>Sub' > sub/page.html && mkfifo fifo && "
        "ln -s sub/page.html inside && ln -s ../secret.txt outside && "
        "ln -s %s/secret.txt absolute && ln -s .. up && ln -s loop loop && "
        "ln -s /proc/self/root magic && mkdir ../folder2 && "
        "cp ../secret.txt ../folder2",
        site->folder, site->outer);
}

static void site_remove(const struct site *site)
{
    run("rm -r %s", site->outer);
}

static void web_server_start(struct server *server, struct site *site)
{
    site_make(site);
    server_start(server, 0, "web_server", site->folder, "127.0.0.1:0");
}

static void web_server_stop(struct server *server, const struct site *site)
{
    server_stop(server, SIGINT, "");
    site_remove(site);
}

// 200 with the file, 404 where there is none, 501 for what is not GET.
START_TEST(test_web)
{
    struct server server;
    struct site site;

    web_server_start(&server, &site);
    int fds = server_fds(&server);
    assert_gets(&server, "/", 200, "<h1>Index</h1>\n");
    assert_gets(&server, "/?query", 200, "<h1>Index</h1>\n");
    assert_gets(&server, "/index.html", 200, "<h1>Index</h1>\n");
    assert_gets(&server, "/a%20b.txt", 200, "blank\n");
    assert_gets(&server, "/%252e.txt", 200, "percent\n");
    assert_gets(&server, "/..dots..", 200, "dots\n");
    assert_gets(&server, "/empty", 200, "");
    assert_gets(&server, "/sub/page.html", 200, "<p>Sub\n");
    assert_gets(&server, "/./sub//page.html", 200, "<p>Sub\n");
    assert_gets(&server, "/inside", 200, "<p>Sub\n");
    assert_gets(&server, "/none", 404, NULL);
    assert_gets(&server, "/sub", 404, NULL);
    assert_gets(&server, "/sub/", 404, NULL);
    assert_gets(&server, "/index.html/", 404, NULL);
    assert_gets(&server, "/index.html/none", 404, NULL);
    assert_gets(&server, "/fifo", 404, NULL);
    assert_gets(&server, "/loop", 404, NULL);
    assert_gets(&server, "/index.html%00.txt", 400, NULL);
    assert_gets(&server, "/%zz", 400, NULL);
    static const char *const others[] = {
        "PUT / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\n\r\n",
        "DELETE /empty HTTP/1.1\r\nHost: x\r\n\r\n"
    };
    for (int i = 0; i < 3; i++)
        assert_asks(&server, others[i], strlen(others[i]), 501, NULL);
    ck_assert_int_eq(server_threads(&server), 3);
    wait_until(has_fds, &(struct fds){ &server, fds });
    web_server_stop(&server, &site);
}
END_TEST

// No way out of the folder: each gets 404, and nothing of the file outside.
START_TEST(test_web_escape)
{
    static const char *const targets[] = {
        "/../secret.txt",
        "/..",
        "/../",
        "/sub/../../secret.txt",
        "/sub/../index.html",
        "/./../secret.txt",
        "/%2e%2e/secret.txt",
        "/%2E%2E/secret.txt",
        "/.%2e/secret.txt",
        "/%2e./secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/sub%2f..%2f..%2fsecret.txt",
        "/%252e%252e/secret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/../folder2/secret.txt",
        "/../folder/index.html",
        "//etc/passwd",
        "/%2fetc/passwd",
        "//../secret.txt",
        "/outside",
        "/absolute",
        "/up/secret.txt",
        "/up/folder/index.html",
        "/magic/etc/passwd",
        "/sub/../up/secret.txt",
        "/..?/../index.html",
    };
    struct server server;
    struct site site;
    char target[200];

    web_server_start(&server, &site);
    for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++)
        assert_gets(&server, targets[i], 404, "404 Not Found\n");
    // Its absolute path, with one slash and with two.
    for (int i = 1; i >= 0; i--) {
        snprintf(target, sizeof(target), "/%s/secret.txt", site.outer + i);
        assert_gets(&server, target, 404, "404 Not Found\n");
    }
    web_server_stop(&server, &site);
}
END_TEST

// What is wrong for delayserver is wrong here, or is a file that is not there.
START_TEST(test_web_malformed)
{
    struct server server;
    struct site site;
    char reply[500];

    web_server_start(&server, &site);
    int fds = server_fds(&server);
    for (int i = 0; i < BAD_REQUESTS; i++) {
        int sock = client_open(&server), status = bad_requests[i].status;
        client_send(sock, bad_requests[i].text, bad_requests[i].len);
        size_t len = client_finish(sock, reply, sizeof(reply));
        bool other = status == 400 &&
                     (status_of(reply) == 404 || status_of(reply) == 200);
        assert_reply(reply, len, other ? status_of(reply) : status, NULL);
        // Only what is well formed reaches the files.
        ck_assert(!other || strncmp(bad_requests[i].text, "GET /", 5) == 0);
    }
    assert_long(&server, "GET", 8000, 1, 0, 414);
    assert_long(&server, "GET", 10, 2000, 0, 431);
    assert_long(&server, "GET", 5000, 1, 0, 404); // ENAMETOOLONG
    wait_until(has_fds, &(struct fds){ &server, fds });
    web_server_stop(&server, &site);
}
END_TEST

// Several peers fetch a long file. One takes nothing of it for a while, one
// resets the connection in the middle, and neither keeps the others waiting.
START_TEST(test_web_big)
{
    static char reply[BIG + 1000];
    struct server server;
    struct site site;
    int socks[8];

    web_server_start(&server, &site);
    int fds = server_fds(&server);
    for (int i = 0; i < 8; i++) {
        socks[i] = client_open(&server);
        client_print(socks[i], "GET /big.png HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    ck_assert_int_eq(recv(socks[1], reply, 1000, MSG_WAITALL), 1000);
    client_reset(socks[1]);
    for (int i = 2; i <= 8; i++) { // the first one comes last
        size_t len = client_finish(socks[i % 8], reply, sizeof(reply));
        assert_reply(reply, len, 200, NULL);
        ck_assert_ptr_nonnull(strstr(reply, "Content-Type: image/png\r\n"));
        ck_assert(memcmp(reply + len - BIG, big(), BIG) == 0);
    }
    wait_until(has_fds, &(struct fds){ &server, fds });
    web_server_stop(&server, &site);
}
END_TEST

// A peer that asks for a long file and then reads nothing is given up; the file
// and the socket are closed.
START_TEST(test_web_stalled)
{
    struct server server;
    struct site site;
    int size = 4096;
    struct socket_addr addr;

    web_server_start(&server, &site);
    int fds = server_fds(&server);
    addr = localhost(server.port);
    int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    ck_assert_int_eq(connect(sock, &addr.any, addr.len), 0);
    client_print(sock, "GET /big.png HTTP/1.1\r\nHost: x\r\n\r\n");
    double start = now();
    wait_until(has_fds, &(struct fds){ &server, fds + 3 }); // and a timer
    // When the five seconds are over the socket may take a little more, once
    // or twice: then they begin anew.
    while (server_fds(&server) != fds && now() - start < 30) sleep_for(0.01);
    ck_assert_int_eq(server_fds(&server), fds);
    ck_assert_double_gt(now() - start, 4.5);
    close(sock);
    web_server_stop(&server, &site);
}
END_TEST

START_TEST(test_web_load)
{
    struct server server;
    struct site site;
    char reply[500];
    int socks[500], count = rounds(500);

    web_server_start(&server, &site);
    int fds = server_fds(&server);
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < count; i++) socks[i] = client_open(&server);
        for (int i = 0; i < count; i++)
            client_print(socks[i],
                         i % 5 ? "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
                               : "GET /none HTTP/1.1\r\nHost: x\r\n\r\n");
        for (int i = 0; i < count; i++) {
            size_t len = client_finish(socks[i], reply, sizeof(reply));
            assert_reply(reply, len, i % 5 ? 200 : 404, NULL);
        }
    }
    wait_until(has_fds, &(struct fds){ &server, fds });
    web_server_stop(&server, &site);
}
END_TEST

START_TEST(test_web_curl)
{
    struct server server;
    struct site site;

    if (!is_installed("curl")) {
        skip("curl is not installed");
        return;
    }
    web_server_start(&server, &site);
    ck_assert_str_eq(run("curl -sS -m 20 -w '%%{http_code} %%{content_type}' "
                         "http://127.0.0.1:%u/",
                         server.port),
                     "<h1>Index</h1>\n200 text/html; charset=utf-8");
    ck_assert_str_eq(run("curl -sS -m 20 --path-as-is -w '%%{http_code}' "
                         "http://127.0.0.1:%u/../secret.txt",
                         server.port),
                     "404 Not Found\n404");
    ck_assert_str_eq(run("curl -sS -m 20 -I -o /dev/null -w '%%{http_code}' "
                         "http://127.0.0.1:%u/",
                         server.port),
                     "200");
    ck_assert_str_eq(run("curl -sS -m 20 -F a=@%s/big.png -o /dev/null -w "
                         "'%%{http_code}' http://127.0.0.1:%u/",
                         site.folder, server.port),
                     "501");
    run("curl -sS -m 20 http://127.0.0.1:%u/big.png | cmp - %s/big.png",
        server.port, site.folder);
    web_server_stop(&server, &site);
}
END_TEST

START_TEST(test_web_browser)
{
    static const char *const names[] = { "chromium", "chromium-browser",
                                         "google-chrome" };
    struct server server;
    struct site site;

    for (int i = 0; i < 3; i++) {
        if (!is_installed(names[i])) continue;
        web_server_start(&server, &site);
        const char *text = run("%s --headless --no-sandbox --disable-gpu "
                               "--dump-dom http://127.0.0.1:%u/ 2> /dev/null",
                               names[i], server.port);
        ck_assert_msg(strstr(text, "<h1>Index</h1>") != NULL, "%s", text);
        web_server_stop(&server, &site);
        return;
    }
    skip("no browser is installed");
}
END_TEST

// ---------------------------------------------------------------------------
// tcp_echo, and what all have in common
// ---------------------------------------------------------------------------

// A client of ours that sends and receives at the same time: more than all
// buffers hold, so the server must wait for either.
static void assert_echoes(const struct server *server)
{
    static char received[BIG];
    int sock = client_open(server);
    size_t sent = 0, len = 0;

    while (len < BIG) {
        struct pollfd fd = { sock, sent < BIG ? POLLIN | POLLOUT : POLLIN, 0 };
        ck_assert_int_eq(poll(&fd, 1, (int)(20000 * multiplier())), 1);
        if (fd.revents & POLLOUT) {
            ssize_t n = send(sock, big() + sent, BIG - sent,
                             MSG_DONTWAIT | MSG_NOSIGNAL);
            ck_assert_msg(n > 0, "%s", strerror(errno));
            sent += (size_t)n;
            if (sent == BIG) shutdown(sock, SHUT_WR);
        }
        if (fd.revents & POLLIN) {
            ssize_t n = recv(sock, received + len, BIG - len, 0);
            ck_assert_msg(n > 0, "%s", strerror(errno));
            len += (size_t)n;
        }
    }
    ck_assert_int_eq(recv(sock, received, 1, 0), 0);
    ck_assert(memcmp(received + 1, big() + 1, BIG - 1) == 0);
    close(sock);
}

START_TEST(test_tcp_echo)
{
    struct server server;
    char reply[10];

    server_start(&server, 0, "tcp_echo", "server", "127.0.0.1:0");
    int fds = server_fds(&server), idle = client_open(&server);
    client_print(idle, "idle");
    assert_echoes(&server);
    ck_assert_str_eq(run("%s/examples/tcp_echo client 127.0.0.1:%u 'Hi, you'",
                         BUILD, server.port),
                     "Hi, you");
    ck_assert_str_eq(
        run("%s/examples/tcp_echo client 127.0.0.1:%u", BUILD, server.port),
        "Hello!\n");
    for (int i = 0; i < 20; i++) client_reset(client_open(&server));
    ck_assert_int_eq(recv(idle, reply, 4, MSG_WAITALL), 4);
    ck_assert_int_eq(memcmp(reply, "idle", 4), 0);
    close(idle);
    wait_until(has_fds, &(struct fds){ &server, fds });
    ck_assert_int_eq(server_threads(&server), 3);
    server_stop(&server, SIGTERM, "");
}
END_TEST

struct dump {
    const struct server *server;
    const char *text;
};

static bool has_dumped(void *data)
{
    struct dump *dump = data;

    return strstr(contents(dump->server->err), dump->text) != NULL;
}

// The server says on stderr where its tasks are, and goes on.
static void assert_dumps(struct server *server, const char *text)
{
    ck_assert_int_eq(ftruncate(server->err, 0), 0);
    ck_assert_int_eq(kill(server->pid, SIGQUIT), 0);
    wait_until(has_dumped, &(struct dump){ server, text });
}

// SIGQUIT prints the dump, also when there is no descriptor left.
START_TEST(test_servers_dump)
{
    struct server server;

    server_start(&server, 64, "delayserver", "127.0.0.1:0", NULL);
    assert_dumps(&server, "accept");
    int sock = witness_open(&server, 2000);
    wait_until(has_printed, &server);
    assert_dumps(&server, "timeout (fd");
    take_descriptors(&server);
    assert_dumps(&server, "timeout (fd");
    assert_dumps(&server, "timeout (fd");
    witness_close(sock);
    server_stop(&server, SIGINT, NULL);

    server_start(&server, 0, "tcp_echo", "server", "127.0.0.1:0");
    assert_dumps(&server, "accept");
    server_stop(&server, SIGINT, NULL);
}
END_TEST

static void assert_refuses(const char *program, const char *arg1,
                           const char *arg2, int code)
{
    char command[400];

    snprintf(command, sizeof(command),
             "%s/examples/%s %s %s 2>&1; test $? = %d", BUILD, program, arg1,
             arg2, code);
    const char *text = run("%s", command);
    ck_assert_msg(count_lines(text) == 1, "%s: not one line: %s", command,
                  text);
    ck_assert_msg(strstr(text, program) != NULL, "%s: %s", command, text);
}

// What is no address or no folder is told in one line, and the exit code is 2;
// and 1 where the system refuses.
START_TEST(test_servers_bad_arguments)
{
    char address[40];
    struct server server;

    delayserver_start(&server);
    snprintf(address, sizeof(address), "127.0.0.1:%u", server.port);
    assert_refuses("delayserver", address, "", 1);
    assert_refuses("web_server", ".", address, 1);
    assert_refuses("tcp_echo", "server", address, 1);
    server_stop(&server, SIGINT, "");
    assert_refuses("delayserver", "nonsense", "", 2);
    assert_refuses("delayserver", "127.0.0.1:65536", "", 2);
    assert_refuses("delayserver", "''", "", 2);
    assert_refuses("web_server", ".", "nonsense", 2);
    assert_refuses("web_server", "", "", 2);
    assert_refuses("web_server", "/nowhere", address, 1);
    assert_refuses("web_server", "Makefile", address, 1);
    assert_refuses("tcp_echo", "server nonsense", "", 2);
    assert_refuses("tcp_echo", "client nonsense", "", 2);
    assert_refuses("tcp_echo", "client", address, 1); // nobody listens any more
    assert_refuses("tcp_echo", "", "", 2);
}
END_TEST

// ---------------------------------------------------------------------------
// At the edges: what the world does to a server (tests/README.md has a table)
// ---------------------------------------------------------------------------

// A port that nobody uses just now.
static uint16_t free_port(int type)
{
    struct socket_addr addr = localhost(0);
    int sock = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(sock, &addr.any, addr.len), 0);
    addr = local_addr(sock);
    close(sock);
    return ntohs(addr.v4.sin_port);
}

// Starts an example with the server's `out` and `err` as its stdout and stderr,
// both of which the caller has opened; -1 is closed at the start, and so is
// stdin, if `in` is -1.
static void start_with(struct server *server, int in, const char *program,
                       const char *arg1, const char *arg2)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/examples/%s", BUILD, program);
    server->pid = fork();
    ck_assert_int_ne(server->pid, -1);
    if (server->pid != 0) return;
    int streams[] = { in, server->out, server->err };
    for (int fd = 0; fd < 3; fd++)
        streams[fd] == -1 ? close(fd) : dup2(streams[fd], fd);
    for (int fd = 3; fd < 256; fd++) close(fd); // Check has some too
    execl(path, path, arg1, arg2, (char *)NULL);
    _exit(127);
}

// Has a socket been bound to the port?
static bool answers(void *data)
{
    struct server *server = data;
    struct socket_addr addr = localhost(server->port);
    int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answered = connect(sock, &addr.any, addr.len) == 0;

    close(sock);
    return answered;
}

static void assert_ends(struct server *server, int signal)
{
    int status;

    ck_assert_int_eq(kill(server->pid, signal), 0);
    double start = now();
    while (waitpid(server->pid, &status, WNOHANG) == 0) {
        ck_assert_msg(now() - start < 5 * slowdown(), "it does not end");
        sleep_for(0.01);
    }
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x",
                  (unsigned)status);
}

// A standard descriptor that is closed at the start leads to /dev/null, as
// Rust's std sees to it: no listener, no peer gets its number.
START_TEST(test_edge_closed_stdio)
{
    char path[60], target[60], address[40];

    for (int closed = 0; closed < 3; closed++) {
        int file = memfd_create("stream", MFD_CLOEXEC);
        struct server server = { .out = closed == 1 ? -1 : file,
                                 .err = closed == 2 ? -1 : file,
                                 .port = free_port(SOCK_STREAM) };
        snprintf(address, sizeof(address), "127.0.0.1:%u", server.port);
        start_with(&server, closed == 0 ? -1 : file, "delayserver", address,
                   NULL);
        wait_until(answers, &server);
        assert_gets(&server, "/0/x", 200, "x");
        snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)server.pid, closed);
        ssize_t len = readlink(path, target, sizeof(target) - 1);
        ck_assert_int_gt(len, 0);
        target[len] = '\0';
        ck_assert_str_eq(target, "/dev/null");
        assert_ends(&server, SIGINT);
        close(file);
    }
}
END_TEST

// A pipe that nobody reads, and that is full from the start.
static void full_pipe(int ends[2])
{
    char page[4096] = { 0 };

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    fcntl(ends[1], F_SETPIPE_SZ, 4096);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    while (write(ends[1], page, sizeof(page)) > 0) continue;
    while (write(ends[1], page, 1) > 0) continue;
    fcntl(ends[1], F_SETFL, 0);
}

// delayserver | less, and nobody scrolls: peers are served, signals act, and
// the lines that have no room are counted where they are missing.
START_TEST(test_edge_stalled_stdout)
{
    struct server server;
    int pipe[2], requests = 3000;
    char address[40], message[200], *text = calloc(1, 1 << 20);
    size_t len = 0;
    ssize_t n;

    full_pipe(pipe);
    server = (struct server){ .out = pipe[1],
                              .err = memfd_create("stderr", MFD_CLOEXEC),
                              .port = free_port(SOCK_STREAM) };
    snprintf(address, sizeof(address), "127.0.0.1:%u", server.port);
    start_with(&server, STDIN_FILENO, "delayserver", address, NULL);
    wait_until(answers, &server);
    memset(message, 'm', 99);
    snprintf(message, 10, "/0/%s", "long-");
    memset(message + 8, 'm', 91);
    message[99] = '\0';
    for (int i = 0; i < requests; i++) assert_gets(&server, message, 200, NULL);
    // Now somebody reads on: what was dropped is said, and nothing twice.
    close(pipe[1]);
    fcntl(pipe[0], F_SETFL, O_NONBLOCK);
    double start = now();
    while (strstr(text, " lines dropped)\n") == NULL &&
           now() - start < 10 * slowdown()) {
        n = read(pipe[0], text + len, (1 << 20) - 1 - len);
        if (n <= 0) sleep_for(0.01);
        for (ssize_t i = 0; i < n; i++) // the page that filled it is no text
            if (text[len + (size_t)i] == '\0') text[len + (size_t)i] = ' ';
        if (n > 0) len += (size_t)n;
    }
    const char *dropped = strstr(text, " lines dropped)\n");
    ck_assert_msg(dropped != NULL, "no line tells how many were dropped");
    while (dropped[-1] != '(') dropped--;
    ck_assert_int_eq(count_lines(text) - 1 + atoi(dropped), 1 + requests);
    // It stalls again, and SIGQUIT and SIGINT act nevertheless.
    for (int i = 0; i < 1000; i++) assert_gets(&server, message, 200, NULL);
    ck_assert_int_eq(kill(server.pid, SIGQUIT), 0);
    while (strstr(contents(server.err), "accept") == NULL) sleep_for(0.01);
    assert_ends(&server, SIGINT);
    close(pipe[0]);
    close(server.err);
    free(text);
}
END_TEST

// The reader has gone, as head does: no signal, no end, peers are served.
START_TEST(test_edge_gone_stdout)
{
    struct server server;
    int pipe[2];
    char address[40];

    ck_assert_int_eq(pipe2(pipe, O_CLOEXEC), 0);
    server = (struct server){ .out = pipe[1],
                              .err = pipe[1],
                              .port = free_port(SOCK_STREAM) };
    snprintf(address, sizeof(address), "127.0.0.1:%u", server.port);
    start_with(&server, STDIN_FILENO, "delayserver", address, NULL);
    close(pipe[1]);
    close(pipe[0]);
    wait_until(answers, &server);
    for (int i = 0; i < 10; i++) assert_gets(&server, "/0/x", 200, "x");
    ck_assert_int_eq(kill(server.pid, SIGQUIT), 0);
    assert_gets(&server, "/0/x", 200, "x");
    assert_ends(&server, SIGTERM);
}
END_TEST

// stderr stalls in the middle of a dump: tasks and signals go on.
START_TEST(test_edge_stalled_stderr)
{
    struct server server;
    int pipe[2];
    char address[40];

    full_pipe(pipe);
    server = (struct server){ .out = memfd_create("stdout", MFD_CLOEXEC),
                              .err = pipe[1],
                              .port = free_port(SOCK_STREAM) };
    snprintf(address, sizeof(address), "127.0.0.1:%u", server.port);
    start_with(&server, STDIN_FILENO, "delayserver", address, NULL);
    wait_until(answers, &server);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(kill(server.pid, SIGQUIT), 0);
        assert_gets(&server, "/100/x", 200, "x");
    }
    assert_ends(&server, SIGINT);
    for (int i = 0; i < 2; i++) close(pipe[i]);
    close(server.out);
}
END_TEST

// Its socket works, but there is no descriptor for epoll: an error that lasts.
// It is told once, not some 100,000 times a second, and when it is over the
// server serves.
START_TEST(test_edge_udp_echo_error)
{
    struct server server = { .out = memfd_create("stdout", MFD_CLOEXEC),
                             .err = memfd_create("stderr", MFD_CLOEXEC),
                             .port = free_port(SOCK_DGRAM) };
    struct rlimit limit, few = { 4, 0 };
    struct socket_addr addr = localhost(server.port);
    struct timeval timeout = { 0, 100000 };
    char address[40], byte = 'x';
    const char *run = getenv("RUN");

    if (run != NULL && strstr(run, "valgrind") != NULL) {
        skip("valgrind does not pass a limit of descriptors on");
        return;
    }
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    few.rlim_max = limit.rlim_max;
    snprintf(address, sizeof(address), "127.0.0.1:%u", server.port);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few),
                     0); // the child inherits it
    start_with(&server, server.out, "udp_echo", address, NULL);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    while (strstr(contents(server.err), "Too many open files") == NULL)
        sleep_for(0.01);
    double cpu = server_cpu(&server);
    sleep_for(1);
    cpu = server_cpu(&server) - cpu;
    ck_assert_msg(cpu < 0.05 * slowdown(), "%.3f s of CPU time in 1 s", cpu);
    ck_assert_int_le(count_lines(contents(server.err)), 5);
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, &limit, NULL), 0);
    int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    double start = now();
    do {
        ck_assert_msg(now() - start < 10 * slowdown(), "it does not recover");
        sendto(sock, "a", 1, 0, &addr.any, addr.len);
    } while (recv(sock, &byte, 1, 0) != 1);
    ck_assert_int_eq(byte, 'a');
    assert_ends(&server, SIGINT);
    close(sock);
    close(server.out);
    close(server.err);
}
END_TEST

// Who asks for a long delay and leaves, by a close or by a reset, keeps nothing
// open for so long.
START_TEST(test_edge_left_in_delay)
{
    struct server server;
    int count = 100;

    delayserver_start(&server);
    int fds = server_fds(&server), witness = witness_open(&server, 3000);
    for (int i = 0; i < count; i++) {
        int sock = client_open(&server);
        client_print(sock, "GET /3600000/left HTTP/1.1\r\nHost: x\r\n\r\n");
        if (i % 3 == 0) client_print(sock, "and a body");
        if (i % 2 == 0)
            close(sock);
        else
            client_reset(sock);
    }
    wait_until(has_fds, &(struct fds){ &server, fds + 2 }); // of the witness
    witness_close(witness);
    wait_until(has_fds, &(struct fds){ &server, fds });
    server_stop(&server, SIGINT, "");
}
END_TEST

// Neither C0 nor C1: 0x9b alone begins an escape sequence on some terminals.
START_TEST(test_edge_control_bytes)
{
    struct server server;
    char request[80];

    delayserver_start(&server);
    for (int byte = 1; byte < 256; byte++) {
        snprintf(request, sizeof(request), "/0/%%%02x", byte);
        assert_gets(&server, request, 200, NULL);
        snprintf(request, sizeof(request), "/0/%%c2%%%02x", byte);
        assert_gets(&server, request, 200, NULL);
    }
    assert_lines(&server, 1 + 2 * 255);
    const char *log = contents(server.out);
    for (const unsigned char *c = (const unsigned char *)log; *c != 0; c++)
        ck_assert_msg((*c >= ' ' && *c < 127) || *c >= 160 || *c == '\n',
                      "byte %#x in the log", *c);
    server_stop(&server, SIGINT, "");
}
END_TEST

// To ask for a FIFO is no reason for its writer to begin, and to lose what it
// writes: it still waits for its reader afterwards.
START_TEST(test_edge_fifo)
{
    struct server server;
    struct site site;
    char path[120], text[20] = "";

    web_server_start(&server, &site);
    snprintf(path, sizeof(path), "%s/fifo", site.folder);
    pid_t writer = fork();
    if (writer == 0) {
        int fd = open(path, O_WRONLY);
        _exit(fd == -1 || write(fd, "precious", 8) != 8);
    }
    sleep_for(0.1);
    for (int i = 0; i < 50; i++) assert_gets(&server, "/fifo", 404, NULL);
    int status, fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(read(fd, text, sizeof(text) - 1), 8);
    ck_assert_str_eq(text, "precious");
    ck_assert_int_eq(waitpid(writer, &status, 0), writer);
    ck_assert_int_eq(status, 0);
    close(fd);
    web_server_stop(&server, &site);
}
END_TEST

// A folder without index.html is listed at its top; sources come as text.
START_TEST(test_edge_index)
{
    struct server server;
    struct site site;
    static char reply[1 << 16];

    web_server_start(&server, &site);
    run("cd %s && rm index.html && touch 'x<y&\"z.c' Makefile .hidden",
        site.folder);
    int sock = client_open(&server);
    client_print(sock, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    size_t len = client_finish(sock, reply, sizeof(reply));
    assert_reply(reply, len, 200, NULL);
    ck_assert_ptr_nonnull(strstr(reply, "Content-Type: text/html"));
    ck_assert_ptr_nonnull(
        strstr(reply, "<a href=\"a%20b.txt\">a&#32;b.txt</a>"));
    ck_assert_ptr_nonnull(
        strstr(reply, "<a href=\"x%3Cy%26%22z.c\">x&#60;y&#38;&#34;z.c</a>"));
    ck_assert_ptr_nonnull(strstr(reply, ">Makefile</a>"));
    ck_assert_ptr_null(strstr(reply, "hidden"));
    ck_assert_ptr_null(strstr(reply, "fifo"));
    ck_assert_ptr_null(strstr(reply, "outside"));
    static const char *const names[] = { "/x%3Cy%26%22z.c", "/Makefile",
                                         "/a%20b.txt" };
    for (int i = 0; i < 3; i++) {
        sock = client_open(&server);
        sprintf(reply, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", names[i]);
        client_print(sock, reply);
        len = client_finish(sock, reply, sizeof(reply));
        assert_reply(reply, len, 200, NULL);
        ck_assert_msg(strstr(reply, "Content-Type: text/plain") != NULL, "%s",
                      reply);
    }
    assert_gets(&server, "/index.html", 404, NULL);
    web_server_stop(&server, &site);
}
END_TEST

// The head of what GET would get, and not a byte after it, however it ends.
static void assert_heads(const struct server *server, const char *target,
                         int status)
{
    static char reply[1000], head[2000];
    int sock = client_open(server);

    snprintf(head, sizeof(head), "HEAD %s HTTP/1.1\r\nHost: x\r\n\r\n", target);
    client_print(sock, head);
    client_finish(sock, head, sizeof(head));
    ck_assert_int_eq(status_of(head), status);
    const char *end = strstr(head, "\r\n\r\n");
    ck_assert_ptr_nonnull(end);
    ck_assert_str_eq(end, "\r\n\r\n");
    sock = client_open(server);
    snprintf(reply, sizeof(reply), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n",
             target);
    client_print(sock, reply);
    ck_assert_int_gt(recv(sock, reply, strlen(head), MSG_WAITALL), 0);
    ck_assert_int_eq(memcmp(reply, head, strlen(head)), 0);
    client_reset(sock);
}

START_TEST(test_edge_head)
{
    struct server server;
    struct site site;

    web_server_start(&server, &site);
    assert_heads(&server, "/", 200);
    assert_heads(&server, "/big.png", 200);
    assert_heads(&server, "/none", 404);
    web_server_stop(&server, &site);
    delayserver_start(&server);
    assert_heads(&server, "/0/x", 200);
    assert_heads(&server, "/x", 400);
    server_stop(&server, SIGINT, "");
}
END_TEST

// RFC 9112, 3.2: a target in absolute form, one Host in HTTP/1.1, none needed
// in HTTP/1.0.
START_TEST(test_edge_host)
{
    static const struct {
        int status;
        const char *text;
    } requests[] = {
        { 200,
          "GET http://example.org/ HTTP/1.1\r\nHost: example.org\r\n\r\n" },
        { 200, "GET http://example.org HTTP/1.1\r\nHost: example.org\r\n\r\n" },
        { 200, "GET http://example.org?q HTTP/1.1\r\nHost: a\r\n\r\n" },
        { 200, "GET HTTP://EXAMPLE.org:8080/empty HTTP/1.1\r\nHost:\r\n\r\n" },
        { 404, "GET http://example.org/none HTTP/1.1\r\nHost: x\r\n\r\n" },
        { 400, "GET http://example.org/ HTTP/1.1\r\n\r\n" },
        { 400, "GET / HTTP/1.1\r\n\r\n" },
        { 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n" },
        { 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n" },
        { 200, "GET / HTTP/1.0\r\n\r\n" },
    };
    struct server server;
    struct site site;

    web_server_start(&server, &site);
    for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
        assert_asks(&server, requests[i].text, strlen(requests[i].text),
                    requests[i].status, NULL);
    web_server_stop(&server, &site);
}
END_TEST

// 8,000 bytes of request line are taken, and its CR and LF are none of them.
START_TEST(test_edge_longest_line)
{
    struct server server;
    char request[9000];

    delayserver_start(&server);
    for (int extra = 0; extra < 2; extra++)
        for (int crlf = 0; crlf < 2; crlf++) {
            int target = 8000 + extra - (int)strlen("GET  HTTP/1.1");
            int len = sprintf(request, "GET /0/%0*d HTTP/1.1%s", target - 3, 0,
                              crlf ? "\r\n" : "\n");
            len += sprintf(request + len, "Host: x\r\n\r\n");
            assert_asks(&server, request, (size_t)len, extra ? 414 : 200, NULL);
        }
    server_stop(&server, SIGINT, "");
}
END_TEST

Suite *servers_suite(void)
{
    Suite *suite = suite_create("servers");

    add_test(suite, test_delay, 20);
    add_test(suite, test_delay_messages, 20);
    add_test(suite, test_delay_curl, 30);
    add_test(suite, test_delay_load, 120);
    add_test(suite, test_delay_malformed, 60);
    add_test(suite, test_delay_well_formed, 20);
    add_test(suite, test_delay_oversized, 20);
    add_test(suite, test_delay_slow, 60);
    add_test(suite, test_delay_aborted, 60);
    add_test(suite, test_delay_few_descriptors, 60);
    add_test(suite, test_delay_no_descriptors, 30);
    add_test(suite, test_web, 20);
    add_test(suite, test_web_escape, 20);
    add_test(suite, test_web_malformed, 20);
    add_test(suite, test_web_big, 60);
    add_test(suite, test_web_stalled, 60);
    add_test(suite, test_web_load, 60);
    add_test(suite, test_web_curl, 30);
    add_test(suite, test_web_browser, 60);
    add_test(suite, test_tcp_echo, 60);
    add_test(suite, test_servers_dump, 60);
    add_test(suite, test_servers_bad_arguments, 30);
    add_test(suite, test_edge_closed_stdio, 30);
    add_test(suite, test_edge_stalled_stdout, 60);
    add_test(suite, test_edge_gone_stdout, 30);
    add_test(suite, test_edge_stalled_stderr, 30);
    add_test(suite, test_edge_udp_echo_error, 30);
    add_test(suite, test_edge_left_in_delay, 30);
    add_test(suite, test_edge_control_bytes, 30);
    add_test(suite, test_edge_fifo, 30);
    add_test(suite, test_edge_index, 20);
    add_test(suite, test_edge_head, 20);
    add_test(suite, test_edge_host, 20);
    add_test(suite, test_edge_longest_line, 20);
    return suite;
}
