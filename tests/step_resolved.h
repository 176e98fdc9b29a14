// For the tests of s01 and s02, whose polls take no waker.
#include "step_server.h"

// Polls async_main until it is ready, answering its requests at once.
static void poll_to_the_end(struct future *future)
{
    int sock = listen_here();

    while (!future->poll(future).ready) {
        int stream = accepted(sock);
        if (stream != -1) reply_with(stream, "hello");
    }
    close(sock);
}

// Polls async_main once more after it was ready: that aborts, with this line.
static void assert_resolved_aborts(void)
{
    struct future *future =
        future_new(sizeof(struct async_main), async_main_poll);
    char text[100] = "";
    int fds[2], status;

    silence();
    poll_to_the_end(future);
    ck_assert_int_eq(pipe(fds), 0);
    pid_t pid = fork();
    ck_assert_int_ne(pid, -1);
    if (pid == 0) {
        dup2(fds[1], STDERR_FILENO);
        future->poll(future);
        _exit(0);
    }
    close(fds[1]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
                  "status %#x", (unsigned)status);
    ck_assert_int_gt(read(fds[0], text, sizeof(text) - 1), 0);
    ck_assert_str_eq(text, "Polled a resolved future\n");
    close(fds[0]);
    free(future);
}

// A future does nothing before its first poll: only that one connects.
static void assert_lazy(void)
{
    char reply[REPLY_MAX];
    int sock = listen_here();
    struct future *future = http_get(0, 7, reply);

    silence();
    ck_assert_int_eq(accepted(sock), -1);
    ck_assert(!future->poll(future).ready);
    int stream = accepted(sock);
    ck_assert_int_ne(stream, -1);
    ck_assert_int_gt(recv(stream, reply, sizeof(reply), MSG_PEEK), 0);
    ck_assert_int_eq(strncmp(reply, "GET /0/HelloWorld7 HTTP/1.1\r\n", 29), 0);
    reply_with(stream, "hello");
    close(((struct http_get *)future)->fd);
    free(future);
    close(sock);
}
