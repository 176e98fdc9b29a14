// For the tests of s06 and s07, whose polls take a waker.
#include "step_server.h"

// A queue and the waker of a task of that number.
struct queue {
    int fd;
    struct waker waker;
};

static struct queue queue_new(int task)
{
    int fds[2];

    ck_assert_int_eq(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
    return (struct queue){ fds[0], { fds[1], task } };
}

static bool is_woken(struct queue *queue)
{
    int task;
    ssize_t n = read(queue->fd, &task, sizeof(task));

    if (n == -1 && errno == EAGAIN) return false;
    ck_assert_int_eq(n, sizeof(task));
    ck_assert_int_eq(task, queue->waker.task);
    return true;
}

static void wait_for_wake(struct queue *queue)
{
    struct pollfd pollfd = { queue->fd, POLLIN, 0 };

    ck_assert_int_eq(poll(&pollfd, 1, -1), 1); // or Check's timeout
}

// Has the reactor handled all that came before this? It handles one thing
// after the other, so the wake for a later event answers that.
static void wait_for_reactor(void)
{
    struct queue queue = queue_new(99);
    int fds[2];

    ck_assert_int_eq(pipe(fds), 0);
    reactor_register(fds[0], queue.waker);
    ck_assert_int_eq(write(fds[1], "", 1), 1);
    wait_for_wake(&queue);
}

// Polls a request with one waker and then with another. Then the reply comes.
// Who is woken?
static void poll_with_two(bool *first_woken, bool *second_woken)
{
    struct queue first = queue_new(1), second = queue_new(2);
    struct pollfd both[] = { { first.fd, POLLIN, 0 },
                             { second.fd, POLLIN, 0 } };
    char reply[REPLY_MAX];
    int sock = listen_here();
    struct future *future = http_get(0, 7, reply);

    silence();
    reactor_start();
    ck_assert_int_eq(accepted(sock), -1); // lazy
    ck_assert(!future->poll(future, first.waker).ready);
    int stream = accepted(sock);
    ck_assert_int_ne(stream, -1);
    ck_assert(!future->poll(future, second.waker).ready);
    ck_assert(!is_woken(&first) && !is_woken(&second));
    reply_with(stream, "hello");
    ck_assert_int_ge(poll(both, 2, -1), 1);
    wait_for_reactor();
    *first_woken = is_woken(&first);
    *second_woken = is_woken(&second);
    struct poll last = future->poll(future, second.waker);
    ck_assert(last.ready);
    ck_assert_str_eq((char *)last.value, "hello");
    free(future);
    close(sock);
}
