// The parts of step 9e: what the steps from 9a on have brought.
#define main s09e_main
#include "examples/steps/s09e_counted_wakers.c"

#include "step.h"

#include <poll.h>
#include <sys/wait.h>

// ---------------------------------------------------------------------------
// Futures: a byte of a pipe, a task that awaits a task, one that keeps no waker
// ---------------------------------------------------------------------------

static int fds[2], drops;
static intptr_t joined;

struct byte {
    struct future future;
    int fd;
    bool registered;
};

static struct poll byte_poll(struct future *future, struct waker waker)
{
    struct byte *self = (struct byte *)future;
    char byte;

    if (self->registered && read(self->fd, &byte, 1) == 1)
        return POLL_READY(byte);
    if (self->registered) return reactor_set_waker(self->fd, waker);
    self->registered = true;
    return reactor_register(self->fd, waker);
}

static void byte_drop(struct future *future)
{
    struct byte *self = (struct byte *)future;

    if (self->registered) reactor_deregister(self->fd);
    drops++;
}

static struct future *byte(int fd)
{
    static const struct future_vtable vtable = { byte_poll, byte_drop };
    struct byte *self = future_new(sizeof(*self), &vtable);

    self->fd = fd;
    return &self->future;
}

struct parent {
    struct async async;
};

static struct poll parent_poll(struct future *future, struct waker waker)
{
    struct parent *self = (struct parent *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, task_join(executor_spawn(byte(fds[0]))));
    joined = self->async.value;
    ASYNC_END(self, 0);
}

static struct future *parent(void)
{
    static const struct future_vtable vtable = { parent_poll, async_drop };

    return future_new(sizeof(struct parent), &vtable);
}

static struct poll forget_poll(struct future *future, struct waker waker)
{
    (void)future, (void)waker;
    return POLL_PENDING;
}

static struct future *forget(void)
{
    static const struct future_vtable vtable = { forget_poll, NULL };

    return future_new(sizeof(struct future), &vtable);
}

static void open_pipe(void)
{
    reactor_start();
    ck_assert_int_eq(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
}

// ---------------------------------------------------------------------------
// Tests
// ---------------------------------------------------------------------------

static void *write_later(void *unused)
{
    usleep(20000);
    ck_assert_int_eq(write(fds[1], "A", 1), 1);
    return unused;
}

// 9a: a task's output goes to the one that awaits it. 9e: when block_on returns
// no task is left, and no waker.
START_TEST(test_s09e_joins)
{
    pthread_t thread;

    open_pipe();
    pthread_create(&thread, NULL, write_later, NULL);
    block_on(parent(), "main");
    pthread_join(thread, NULL);
    ck_assert_int_eq(joined, 'A');
    ck_assert_int_eq(drops, 1);
    ck_assert_int_eq(executor.pending, 0);
    ck_assert_ptr_null(reactor.waiting[fds[0]].task);
}
END_TEST

// 9b: a pending future that is dropped leaves nothing with the reactor. Its task
// still has the waker that it is polled with.
START_TEST(test_s09e_drop_cancels)
{
    struct task task = { .wakers = 1 };

    open_pipe();
    struct future *future = byte(fds[0]);
    ck_assert(!byte_poll(future, (struct waker){ &task }).ready);
    ck_assert_int_eq(task.wakers, 2);
    future_drop(future);
    ck_assert_int_eq(task.wakers, 1);
    ck_assert_int_eq(epoll_ctl(reactor.epoll, EPOLL_CTL_DEL, fds[0], NULL), -1);
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

// 9c: the reactor thread has fetched an event, and waits for the lock, while the
// descriptor gets a new owner: that one is not woken by the old event.
START_TEST(test_s09e_stale_event)
{
    struct task old = { .wakers = 1 }, new = { .wakers = 1 };
    int queue[2], other[2];

    open_pipe();
    ck_assert_int_eq(pipe2(queue, O_NONBLOCK), 0);
    ck_assert_int_eq(pipe2(other, O_NONBLOCK), 0);
    old.queue = new.queue = queue[1];
    reactor_register(fds[0], (struct waker){ &old });
    pthread_mutex_lock(&reactor.lock);
    ck_assert_int_eq(write(fds[1], "A", 1), 1);
    usleep(50000); // now it waits for the lock
    // What reactor_change does, by hand, for we have the lock.
    ck_assert_int_eq(dup2(other[0], fds[0]), fds[0]);
    reactor.waiting[fds[0]] = (struct waker){ &new };
    reactor.generations[fds[0]] = ++reactor.generation;
    pthread_mutex_unlock(&reactor.lock);
    struct pollfd woken = { .fd = queue[0], .events = POLLIN };
    ck_assert_int_eq(poll(&woken, 1, 50), 0);
    ck_assert_int_eq(new.wakers, 1);
}
END_TEST

// 9e: one line, and the program ends.
START_TEST(test_s09e_can_never_run_again)
{
    char text[200] = "";
    int err[2], status;

    ck_assert_int_eq(pipe(err), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(err[1], STDERR_FILENO);
        block_on(forget(), "main");
        _exit(0);
    }
    close(err[1]);
    FILE *file = fdopen(err[0], "r");
    ck_assert_ptr_nonnull(fgets(text, sizeof(text), file));
    fclose(file);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) != 0);
    ck_assert_msg(strstr(text, "it can never run again") != NULL, "%s", text);
}
END_TEST

void s09e_tests(Suite *suite)
{
    add_test(suite, test_s09e_joins, 10);
    add_test(suite, test_s09e_drop_cancels, 10);
    add_test(suite, test_s09e_stale_event, 10);
    add_test(suite, test_s09e_can_never_run_again, 10);
}
