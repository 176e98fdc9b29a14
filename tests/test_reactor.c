#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// ---------------------------------------------------------------------------
// Probes: waits with a foreign waker, for what can be seen without a task
// ---------------------------------------------------------------------------

// One wait, and how its waker fared.
struct probe {
    struct subscription sub;
    atomic_int wakers; // that exist
    atomic_int lost;   // how often the last of them was dropped
    atomic_int wakes;  // that were made
    int nth;           // the last of them, counting those of all probes from 0
};

static atomic_int all_wakes;

static void probe_waker_clone(void *data)
{
    ((struct probe *)data)->wakers++;
}

static void probe_waker_drop(void *data)
{
    struct probe *probe = data;

    if (--probe->wakers == 0) probe->lost++;
}

static void probe_waker_wake(void *data)
{
    struct probe *probe = data;

    probe->nth = all_wakes++;
    probe->wakers--;
    probe->wakes++;
}

// The waker is borrowed, so the count starts at the reactor's clone.
static struct poll probe_wait(struct probe *probe, int fd,
                              enum wakeup_kind kind)
{
    static const struct waker_vtable vtable = { probe_waker_clone,
                                                probe_waker_wake,
                                                probe_waker_drop };
    struct waker waker = { &vtable, probe };

    return register_waker(&probe->sub, fd, &waker, kind);
}

static void probe_end(struct probe *probe)
{
    reactor_deregister_waker(&probe->sub);
}

static void semaphore_nothing(void *data)
{
    (void)data;
}

static void semaphore_wake(void *data)
{
    sem_post(data);
}

static const struct waker_vtable semaphore_vtable = { semaphore_nothing,
                                                      semaphore_wake,
                                                      semaphore_nothing };

static void semaphore_wait(sem_t *semaphore)
{
    while (sem_wait(semaphore) == -1) continue; // EINTR
}

// An eventfd from which `tokens` reads of eight bytes succeed.
static int token_fd(unsigned tokens)
{
    int fd = eventfd(tokens, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);

    ck_assert_int_ne(fd, -1);
    return fd;
}

static void add_tokens(int fd, uint64_t tokens)
{
    ck_assert_int_eq(write(fd, &tokens, sizeof(tokens)), sizeof(tokens));
}

// Returns when the reactor has made all wakes that are due by now. Its one
// thread takes events in the order in which they occurred, so it is enough to
// wait for one of our own. Two, since a wake may make another due.
static void settle(void)
{
    int fd = token_fd(1);

    for (int i = 0; i < 2; i++) {
        sem_t woken;
        struct waker waker = { &semaphore_vtable, &woken };
        struct subscription sub = { 0 };

        sem_init(&woken, 0, 0);
        struct poll poll = register_waker(&sub, fd, &waker, WAKEUP_READABLE);
        if (poll.ready) ck_abort_msg("the reactor refuses an eventfd");
        semaphore_wait(&woken);
        sem_destroy(&woken);
    }
    close(fd);
}

// A foreign waker that holds up the reactor thread until it may leave.
struct gate {
    struct subscription sub;
    int fd;
    sem_t entered, leave;
};

static void gate_wake(void *data)
{
    struct gate *gate = data;

    sem_post(&gate->entered);
    semaphore_wait(&gate->leave);
}

static void gate_wait(struct gate *gate)
{
    static const struct waker_vtable vtable = { semaphore_nothing, gate_wake,
                                                semaphore_nothing };
    struct waker waker = { &vtable, gate };

    *gate = (struct gate){ .fd = token_fd(0) };
    sem_init(&gate->entered, 0, 0);
    sem_init(&gate->leave, 0, 0);
    register_waker(&gate->sub, gate->fd, &waker, WAKEUP_READABLE);
}

// Returns when the reactor is held up at the gate, and has nothing in hand.
static void hold_reactor(struct gate *gate)
{
    gate_wait(gate);
    add_tokens(gate->fd, 1);
    semaphore_wait(&gate->entered);
}

// Writes tokens to the descriptor, and returns when the reactor is held up at
// the gate and has in hand whatever event that caused.
static void hold_reactor_with_event(struct gate *gate, int tokens)
{
    struct gate first;

    gate_wait(gate);
    hold_reactor(&first);
    add_tokens(gate->fd, 1); // while it is away two more become ready,
    add_tokens(tokens, 1);   // which it will fetch together
    sem_post(&first.leave);
    semaphore_wait(&gate->entered);
    close(first.fd);
}

// Lets it go on, and waits until it has done what it was held up in.
static void release_reactor(struct gate *gate)
{
    sem_post(&gate->leave);
    settle();
    close(gate->fd);
}

static int wakes(struct probe *probe)
{
    settle();
    return probe->wakes;
}

struct at_least {
    atomic_int *counter;
    int value;
};

static bool is_at_least(void *data)
{
    struct at_least *at_least = data;

    return *at_least->counter >= at_least->value;
}

static void wait_for(atomic_int *counter, int value)
{
    wait_until(is_at_least, &(struct at_least){ counter, value });
}

// ---------------------------------------------------------------------------
// A leaf future of the tests' own
// ---------------------------------------------------------------------------

// Reads or writes eight bytes. Ready with the number of transfers before it.
struct transfer {
    struct future future;
    struct subscription sub;
    int fd;
    enum wakeup_kind kind;
};

static atomic_int transfers; // done, by all of them
static atomic_int polls;     // that were pending

static struct poll transfer_poll(struct future *future, struct context *cx)
{
    struct transfer *self = (struct transfer *)future;
    uint64_t eight = 1;
    ssize_t n = self->kind == WAKEUP_READABLE
                    ? read(self->fd, &eight, sizeof(eight))
                    : write(self->fd, &eight, sizeof(eight));

    if (n >= 0) return POLL_READY(transfers++);
    if (errno != EAGAIN) return POLL_READY(-errno);
    struct poll poll =
        register_waker(&self->sub, self->fd, cx->waker, self->kind);
    if (!poll.ready) polls++;
    return poll;
}

static void transfer_drop(struct future *future)
{
    reactor_deregister_waker(&((struct transfer *)future)->sub);
}

static struct future *transfer(int fd, enum wakeup_kind kind)
{
    static const struct future_vtable vtable = { "transfer", transfer_poll,
                                                 transfer_drop };
    struct transfer *self = future_new(sizeof(*self), &vtable);

    self->fd = fd;
    self->kind = kind;
    return &self->future;
}

// Spawns one, and returns when it waits.
static struct task_joiner spawn_waiting(int fd, enum wakeup_kind kind)
{
    int before = polls;
    struct task_joiner joiner = executor_spawn(transfer(fd, kind));

    wait_for(&polls, before + 1);
    return joiner;
}

// ---------------------------------------------------------------------------
// What else the tests need
// ---------------------------------------------------------------------------

static void socket_pair(int fds[2])
{
    int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

    ck_assert_int_eq(socketpair(AF_UNIX, type, 0, fds), 0);
}

static void pipe_pair(int fds[2])
{
    ck_assert_int_eq(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
}

static void close_pair(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

// Writes until fd is not writable, reads until it is not readable.
static void fill(int fd)
{
    static const char bytes[4096];

    while (write(fd, bytes, sizeof(bytes)) > 0) continue;
    ck_assert_int_eq(errno, EAGAIN);
    while (write(fd, bytes, 1) > 0) continue;
}

static void drain(int fd)
{
    char bytes[4096];

    while (read(fd, bytes, sizeof(bytes)) > 0) continue;
    ck_assert_int_eq(errno, EAGAIN);
}

// Sets the soft limit of descriptor numbers, and returns what it was.
static rlim_t limit_fds(rlim_t limit)
{
    struct rlimit rlimit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &rlimit), 0);
    rlim_t old = rlimit.rlim_cur;
    rlimit.rlim_cur = limit;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &rlimit), 0);
    return old;
}

// From now on no descriptor can be opened. Returns the limit to go back to.
static rlim_t use_up_fds(void)
{
    int lowest_free = dup(STDERR_FILENO);

    ck_assert_int_ne(lowest_free, -1);
    close(lowest_free);
    return limit_fds((rlim_t)lowest_free);
}

static struct poll poll_by_hand(struct future *future, struct waker *waker)
{
    struct context cx = { waker };

    return future_poll(future, &cx);
}

// ---------------------------------------------------------------------------
// Who is woken, and when
// ---------------------------------------------------------------------------

// Hazard 13: two tasks wait to read from one descriptor. Each of two tokens
// must serve one of them, the one that registered first before the other.
START_TEST(test_two_readers_of_one_fd)
{
    int fd = token_fd(0);
    struct task_joiner first = spawn_waiting(fd, WAKEUP_READABLE);
    struct task_joiner second = spawn_waiting(fd, WAKEUP_READABLE);

    add_tokens(fd, 1);
    ck_assert_int_eq(task_joiner_join(&first), 0);
    add_tokens(fd, 1);
    ck_assert_int_eq(task_joiner_join(&second), 1);
    close(fd);
}
END_TEST

// Hazard 13: one task waits to read from a socket, another to write to it.
// Both must complete, whichever registered first and whichever can go first.
START_TEST(test_reader_and_writer_of_one_fd)
{
    for (int variant = 0; variant < 4; variant++) {
        enum wakeup_kind kinds[] = { WAKEUP_READABLE, WAKEUP_WRITABLE };
        struct task_joiner joiners[2];
        int fds[2], begin = variant & 1, serve = variant >> 1;

        socket_pair(fds);
        fill(fds[0]);
        joiners[begin] = spawn_waiting(fds[0], kinds[begin]);
        joiners[!begin] = spawn_waiting(fds[0], kinds[!begin]);
        for (int i = 0; i < 2; i++, serve = !serve) {
            int before = transfers;
            if (kinds[serve] == WAKEUP_READABLE)
                add_tokens(fds[1], 1);
            else
                drain(fds[1]);
            ck_assert_int_eq(task_joiner_join(&joiners[serve]), before);
        }
        close_pair(fds);
    }
}
END_TEST

// Hazard 13: a reader and a writer wait for one socket. What is there to read
// must wake only the reader, room to write only the writer.
START_TEST(test_directions_are_woken_apart)
{
    struct probe reader = { 0 }, writer = { 0 };
    int fds[2];

    socket_pair(fds);
    fill(fds[0]);
    ck_assert(!probe_wait(&writer, fds[0], WAKEUP_WRITABLE).ready);
    ck_assert(!probe_wait(&reader, fds[0], WAKEUP_READABLE).ready);
    ck_assert_int_eq(wakes(&reader) + wakes(&writer), 0);
    add_tokens(fds[1], 1);
    ck_assert_int_eq(wakes(&reader), 1);
    ck_assert_int_eq(wakes(&writer), 0);
    drain(fds[0]);
    ck_assert(!probe_wait(&reader, fds[0], WAKEUP_READABLE).ready);
    drain(fds[1]);
    ck_assert_int_eq(wakes(&writer), 1);
    ck_assert_int_eq(wakes(&reader), 1);
    probe_end(&reader);
    close_pair(fds);
}
END_TEST

// Hazard 13: a hundred probes wait for one descriptor that becomes readable.
// All must be woken once, in order of registration, and leave nothing (T11).
START_TEST(test_hundred_waiters_are_woken_in_order)
{
    static struct probe probes[100];
    int fd = token_fd(0);

    for (int i = 0; i < 100; i++)
        ck_assert(!probe_wait(&probes[i], fd, WAKEUP_READABLE).ready);
    ck_assert_int_eq(count_epoll(), 1);
    ck_assert_int_eq(wakes(&probes[0]), 0);
    add_tokens(fd, 1);
    wait_for(&all_wakes, 100);
    settle();
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(probes[i].nth, i);
        ck_assert_int_eq(probes[i].wakes, 1);
        ck_assert_int_eq(probes[i].wakers, 0);
    }
    ck_assert_int_eq(count_epoll(), 0);
    close(fd);
}
END_TEST

// Hazard 13: a hundred tasks wait for one descriptor, and get a token each.
// They must get them in order of registration, with one wake for each.
START_TEST(test_hundred_tasks_are_served_in_order)
{
    struct task_joiner joiners[100];
    int fd = token_fd(0);

    for (int i = 0; i < 100; i++)
        joiners[i] = executor_spawn(transfer(fd, WAKEUP_READABLE));
    wait_for(&polls, 100);
    add_tokens(fd, 100);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(task_joiner_join(&joiners[i]), i);
    ck_assert_int_eq(polls, 100);
    close(fd);
}
END_TEST

// Hazard 13: of five who wait for one descriptor the first, the middle and the
// last give up. The two others must still be woken, in their order.
START_TEST(test_others_wait_on_when_one_gives_up)
{
    struct probe probes[5] = { 0 };
    int fd = token_fd(0);

    for (int i = 0; i < 5; i++)
        ck_assert(!probe_wait(&probes[i], fd, WAKEUP_READABLE).ready);
    for (int i = 0; i < 5; i += 2) probe_end(&probes[i]);
    ck_assert_int_eq(count_epoll(), 1);
    add_tokens(fd, 1);
    wait_for(&all_wakes, 2);
    settle();
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(probes[i].wakes, i % 2);
        ck_assert_int_eq(probes[i].wakers, 0);
    }
    ck_assert_int_lt(probes[1].nth, probes[3].nth);
    close(fd);
}
END_TEST

// Registering again while waiting replaces the waker: only the second of two
// is woken, and once.
START_TEST(test_latest_waker_wins)
{
    struct subscription sub = { 0 };
    int first = 0, second = 0, fd = token_fd(0);
    struct waker w1 = counting_waker(&first), w2 = counting_waker(&second);

    register_waker(&sub, fd, &w1, WAKEUP_READABLE);
    register_waker(&sub, fd, &w2, WAKEUP_READABLE);
    ck_assert_int_eq(count_epoll(), 1);
    add_tokens(fd, 1);
    settle();
    ck_assert_int_eq(__atomic_load_n(&first, __ATOMIC_SEQ_CST), 0);
    ck_assert_int_eq(__atomic_load_n(&second, __ATOMIC_SEQ_CST), 1);
    close(fd);
}
END_TEST

// Of two who wait for one descriptor the first registers again. It must be woken
// last: it is at the tail now.
START_TEST(test_registered_again_is_woken_last)
{
    struct probe probes[2] = { 0 };
    int fd = token_fd(0);

    for (int i = 0; i < 3; i++)
        ck_assert(!probe_wait(&probes[i % 2], fd, WAKEUP_READABLE).ready);
    add_tokens(fd, 1);
    wait_for(&all_wakes, 2);
    settle();
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(probes[i].nth, 1 - i);
        ck_assert_int_eq(probes[i].wakes, 1);
        ck_assert_int_eq(probes[i].wakers, 0);
    }
    close(fd);
}
END_TEST

// A subscription that waits to read registers to write instead. Room to write
// must wake it, and what can be read later must not.
START_TEST(test_register_for_the_other_direction)
{
    struct probe probe = { 0 };
    int fds[2];

    socket_pair(fds);
    fill(fds[0]);
    ck_assert(!probe_wait(&probe, fds[0], WAKEUP_READABLE).ready);
    ck_assert(!probe_wait(&probe, fds[0], WAKEUP_WRITABLE).ready);
    add_tokens(fds[1], 1);
    ck_assert_int_eq(wakes(&probe), 0);
    drain(fds[1]);
    ck_assert_int_eq(wakes(&probe), 1);
    ck_assert_int_eq(probe.wakers, 0);
    ck_assert_int_eq(count_epoll(), 0);
    close_pair(fds);
}
END_TEST

// A subscription that waits for one descriptor registers for another. The
// reactor must forget the first, which may then be closed.
START_TEST(test_register_for_another_fd)
{
    struct probe probe = { 0 };
    int old = token_fd(0), new = token_fd(0);

    ck_assert(!probe_wait(&probe, old, WAKEUP_READABLE).ready);
    ck_assert(!probe_wait(&probe, new, WAKEUP_READABLE).ready);
    ck_assert_int_eq(count_epoll(), 1);
    add_tokens(old, 1);
    ck_assert_int_eq(wakes(&probe), 0);
    close(old);
    add_tokens(new, 1);
    ck_assert_int_eq(wakes(&probe), 1);
    ck_assert_int_eq(probe.wakers, 0);
    close(new);
}
END_TEST

// Hazard 50: a subscription waits, and registers again with the waker that
// stands in it. That waker is the only one: it must not be dropped meanwhile,
// and be woken once.
START_TEST(test_register_with_its_own_waker)
{
    struct probe probe = { 0 };
    int fd = token_fd(0);

    ck_assert(!probe_wait(&probe, fd, WAKEUP_READABLE).ready);
    for (int i = 0; i < 2; i++) {
        ck_assert(!reactor_register_waker(&probe.sub, &probe.sub.waker).ready);
        ck_assert_int_eq(probe.wakers, 1);
        ck_assert_int_eq(probe.lost, 0);
        ck_assert_int_eq(count_epoll(), 1);
    }
    add_tokens(fd, 1);
    ck_assert_int_eq(wakes(&probe), 1);
    ck_assert_int_eq(probe.wakers, 0);
    close(fd);
}
END_TEST

// Deregistering what does not wait changes nothing: neither a subscription
// that never did, nor one that was deregistered or woken before. Another that
// waits for the same descriptor waits on.
START_TEST(test_deregister_is_idempotent)
{
    struct probe never = { 0 }, twice = { 0 }, woken = { 0 }, other = { 0 };
    int fd = token_fd(1), quiet = token_fd(0);

    probe_end(&never);
    ck_assert(!probe_wait(&woken, fd, WAKEUP_READABLE).ready);
    ck_assert_int_eq(wakes(&woken), 1);
    ck_assert(!probe_wait(&other, quiet, WAKEUP_READABLE).ready);
    ck_assert(!probe_wait(&twice, quiet, WAKEUP_READABLE).ready);
    for (int i = 0; i < 2; i++) {
        probe_end(&never);
        probe_end(&twice);
        probe_end(&woken);
    }
    ck_assert_int_eq(twice.wakers, 0);
    ck_assert_int_eq(woken.wakers, 0);
    ck_assert_int_eq(count_epoll(), 1);
    add_tokens(quiet, 1);
    ck_assert_int_eq(wakes(&other), 1);
    ck_assert_int_eq(wakes(&twice), 0);
    close(fd);
    close(quiet);
}
END_TEST

struct nested {
    int fd;
    struct subscription sub;
    sem_t *woken;
};

static void nested_wake(void *data)
{
    struct nested *nested = data;
    struct waker waker = { &semaphore_vtable, nested->woken };

    reactor_deregister_waker(&nested->sub);
    register_waker(&nested->sub, nested->fd, &waker, WAKEUP_READABLE);
}

// A foreign waker that registers again when it is woken must not find the
// reactor locked (rule 6).
START_TEST(test_wake_may_register)
{
    static const struct waker_vtable vtable = { semaphore_nothing, nested_wake,
                                                semaphore_nothing };
    sem_t woken;
    struct nested nested = { token_fd(1), { 0 }, &woken };
    struct waker waker = { &vtable, &nested };

    sem_init(&woken, 0, 0);
    register_waker(&nested.sub, nested.fd, &waker, WAKEUP_READABLE);
    semaphore_wait(&woken);
    settle();
    close(nested.fd);
}
END_TEST

struct owner {
    struct subscription sub; // of what its task owns
    int drops;
};

static void owner_drop(void *data)
{
    struct owner *owner = data;

    owner->drops++;
    reactor_deregister_waker(&owner->sub);
}

// The last waker of another executor's task may free the task, and what that
// owns deregisters. Wherever the reactor drops a waker, it holds no lock.
START_TEST(test_drop_may_deregister)
{
    static const struct waker_vtable vtable = { semaphore_nothing,
                                                semaphore_nothing, owner_drop };
    struct owner owner = { 0 };
    struct waker waker = { &vtable, &owner };
    struct subscription sub = { 0 };
    int fd = token_fd(0);

    register_waker(&sub, fd, &waker, WAKEUP_READABLE);
    register_waker(&sub, fd, &waker, WAKEUP_READABLE); // drops the first
    ck_assert_int_eq(owner.drops, 1);
    reactor_deregister_waker(&sub);
    ck_assert_int_eq(owner.drops, 2);
    close(fd);
    struct poll refused = register_waker(&sub, fd, &waker, WAKEUP_READABLE);
    ck_assert_int_eq(refused.value, -EBADF);
    ck_assert_int_eq(owner.drops, 3);
}
END_TEST

// ---------------------------------------------------------------------------
// What is left behind
// ---------------------------------------------------------------------------

// Hazard 14: a receive is polled once and dropped. The epoll set must be as
// before, no waker may be left, and the port can be bound again.
START_TEST(test_dropped_future_leaves_nothing)
{
    struct socket_addr any = localhost(0);
    int count = 0, fds = count_fds(), sock = udp_socket_bind(&any);
    struct socket_addr addr = local_addr(sock);
    struct waker waker = counting_waker(&count);
    char byte;

    for (int i = 0; i < 3; i++) {
        struct future *recv = udp_socket_recv_from(sock, &byte, 1, NULL);
        ck_assert(!poll_by_hand(recv, &waker).ready);
        ck_assert_int_eq(count_epoll(), 1);
        future_drop(recv);
        ck_assert_int_eq(count_epoll(), 0);
        close(sock);
        sock = udp_socket_bind(&addr);
        ck_assert_int_ge(sock, 0);
    }
    settle();
    ck_assert_int_eq(__atomic_load_n(&count, __ATOMIC_SEQ_CST), 0);
    close(sock);
    ck_assert_int_eq(count_fds(), fds + 1); // the epoll instance
}
END_TEST

// Hazard 14: a probe is woken, then dropped. The descriptor must have left the
// epoll set by the time of the wake (T7), though it is still readable.
START_TEST(test_nothing_is_left_after_a_wake)
{
    struct probe probe = { 0 };
    int fd = token_fd(1);

    for (int i = 1; i <= 100; i++) {
        ck_assert(!probe_wait(&probe, fd, WAKEUP_READABLE).ready);
        wait_for(&probe.wakes, i);
        ck_assert_int_eq(count_epoll(), 0);
        ck_assert_int_eq(probe.wakers, 0);
        probe_end(&probe);
    }
    ck_assert_int_eq(wakes(&probe), 100);
    close(fd);
}
END_TEST

// Hazard 15: the reactor has fetched an event when its future is dropped, the
// descriptor closed and its number given to another future. Only what happens
// to the new descriptor may wake the new owner, and nothing the old one.
START_TEST(test_fetched_event_of_a_reused_fd)
{
    struct probe old = { 0 }, new = { 0 };
    int fd = token_fd(0), quiet = token_fd(0);
    struct gate gate;

    ck_assert(!probe_wait(&old, fd, WAKEUP_READABLE).ready);
    hold_reactor_with_event(&gate, fd);
    probe_end(&old);
    ck_assert_int_eq(dup2(quiet, fd), fd);
    ck_assert(!probe_wait(&new, fd, WAKEUP_READABLE).ready);
    release_reactor(&gate);
    ck_assert_int_eq(old.wakes + new.wakes, 0);
    add_tokens(quiet, 1);
    ck_assert_int_eq(wakes(&new), 1);
    ck_assert_int_eq(old.wakes, 0);
    ck_assert_int_eq(old.wakers + new.wakers, 0);
    close(fd);
    close(quiet);
}
END_TEST

// Hazard 16: the reactor has fetched an event when its subscription registers
// for the other direction. It must be woken only when that is ready.
START_TEST(test_fetched_event_of_the_other_direction)
{
    struct probe probe = { 0 };
    struct gate gate;
    int fds[2];

    socket_pair(fds);
    fill(fds[0]);
    ck_assert(!probe_wait(&probe, fds[0], WAKEUP_READABLE).ready);
    hold_reactor_with_event(&gate, fds[1]);
    ck_assert(!probe_wait(&probe, fds[0], WAKEUP_WRITABLE).ready);
    release_reactor(&gate);
    ck_assert_int_eq(probe.wakes, 0);
    drain(fds[1]);
    ck_assert_int_eq(wakes(&probe), 1);
    ck_assert_int_eq(probe.wakers, 0);
    close_pair(fds);
}
END_TEST

// Hazard 16: the reactor has fetched an event when its subscription registers
// again for the same. That event counts no more, but it must be woken.
START_TEST(test_fetched_event_is_not_lost)
{
    struct probe probe = { 0 };
    int fd = token_fd(0);
    struct gate gate;

    ck_assert(!probe_wait(&probe, fd, WAKEUP_READABLE).ready);
    hold_reactor_with_event(&gate, fd);
    ck_assert(!probe_wait(&probe, fd, WAKEUP_READABLE).ready);
    release_reactor(&gate);
    ck_assert_int_eq(wakes(&probe), 1);
    ck_assert_int_eq(probe.wakers, 0);
    close(fd);
}
END_TEST

// Hazard 15: a future is dropped and its descriptor closed at some moment while
// the reactor fetches its event, and another future waits for a new descriptor
// of the same number. Only what happens to that may wake the new owner.
START_TEST(test_reused_fd_wakes_only_its_new_owner)
{
    int n = rounds(2000);

    for (int i = 0; i < n; i++) {
        struct probe old = { 0 }, new = { 0 };
        int fd = token_fd(0), quiet = token_fd(0);

        probe_wait(&old, fd, WAKEUP_READABLE);
        add_tokens(fd, 1); // the reactor thread is on its way
        probe_end(&old);
        int before = old.wakes; // a wake that it has begun may still follow
        ck_assert_int_eq(dup2(quiet, fd), fd);
        probe_wait(&new, fd, WAKEUP_READABLE);
        settle();
        if (new.wakes != 0) ck_abort_msg("the new owner got an old event");
        if (old.wakes > 1 || old.wakes < before || old.wakers != 0)
            ck_abort_msg("the old owner was woken %d times", old.wakes);
        before = old.wakes;
        add_tokens(quiet, 1);
        settle();
        if (new.wakes != 1) ck_abort_msg("the new owner was not woken");
        if (old.wakes != before) ck_abort_msg("the old owner was woken late");
        close(fd);
        close(quiet);
    }
}
END_TEST

// Hazard 15: the same with tasks, the old one cancelled well before. The old
// future must not be polled again, and the new one only for its own token.
START_TEST(test_reused_fd_polls_only_its_new_task)
{
    int count = 0, fd = token_fd(0), quiet = token_fd(0);
    struct waker waker = counting_waker(&count);
    struct future *old = transfer(fd, WAKEUP_READABLE);

    ck_assert(!poll_by_hand(old, &waker).ready);
    future_drop(old);
    ck_assert_int_eq(dup2(quiet, fd), fd);
    struct task_joiner joiner = spawn_waiting(fd, WAKEUP_READABLE);
    settle();
    ck_assert_int_eq(polls, 2); // one of each
    add_tokens(quiet, 1);
    ck_assert_int_eq(task_joiner_join(&joiner), 0);
    settle();
    ck_assert_int_eq(polls, 2);
    ck_assert_int_eq(__atomic_load_n(&count, __ATOMIC_SEQ_CST), 0);
    close(fd);
    close(quiet);
}
END_TEST

static long resident_pages(void)
{
    FILE *statm = fopen("/proc/self/statm", "r");
    long size, resident;

    ck_assert_ptr_nonnull(statm);
    ck_assert_int_eq(fscanf(statm, "%ld %ld", &size, &resident), 2);
    fclose(statm);
    return resident;
}

// Registers two on one descriptor and drops them, first come first gone or the
// other way round.
static void register_and_drop(struct probe probes[2], int fd, int n)
{
    for (int i = 0; i < n; i += 2) {
        probe_wait(&probes[0], fd, WAKEUP_READABLE);
        probe_wait(&probes[1], fd, WAKEUP_READABLE);
        probe_end(&probes[i / 2 % 2]);
        probe_end(&probes[i / 2 % 2 == 0]);
    }
}

// Hazard 23: 10^6 registrations are made and dropped. No waker may be left,
// the epoll set must be empty, and memory may grow by 8 MB at the most, which
// is eight bytes for each.
START_TEST(test_many_registrations_take_no_memory)
{
    struct probe probes[2] = { 0 };
    int fd = token_fd(0);

    register_and_drop(probes, fd, rounds(100000)); // what a first use allocates
    long before = resident_pages();
    register_and_drop(probes, fd, rounds(1000000));
    long grown = (resident_pages() - before) * sysconf(_SC_PAGESIZE);
    ck_assert_int_lt(grown, 8000000);
    ck_assert_int_eq(wakes(&probes[0]) + wakes(&probes[1]), 0);
    ck_assert_int_eq(probes[0].wakers + probes[1].wakers, 0);
    ck_assert_int_eq(count_epoll(), 0);
    close(fd);
}
END_TEST

struct contender {
    pthread_t thread;
    struct probe probe;
    const int *fds; // one always ready, one never
};

static void *contend(void *data)
{
    struct contender *self = data;
    int n = rounds(20000);

    for (int i = 0; i < n; i++) {
        enum wakeup_kind kind = i & 1 ? WAKEUP_READABLE : WAKEUP_WRITABLE;
        probe_wait(&self->probe, self->fds[i / 2 % 2], kind);
        if (i % 3 == 0) probe_end(&self->probe);
    }
    probe_end(&self->probe);
    return NULL;
}

// Hazard 23: four threads register and drop on the same two descriptors while
// the reactor wakes them. No waker may be lost or given back twice, and one who
// registers afterwards must be woken.
START_TEST(test_threads_contend_for_one_fd)
{
    struct contender contenders[4] = { 0 };
    struct probe last = { 0 };
    int fds[2];

    socket_pair(fds);
    for (int i = 0; i < 4; i++) {
        contenders[i].fds = fds;
        pthread_create(&contenders[i].thread, NULL, contend, &contenders[i]);
    }
    for (int i = 0; i < 4; i++) pthread_join(contenders[i].thread, NULL);
    settle();
    for (int i = 0; i < 4; i++) ck_assert_int_eq(contenders[i].probe.wakers, 0);
    ck_assert_int_eq(count_epoll(), 0);
    ck_assert(!probe_wait(&last, fds[0], WAKEUP_WRITABLE).ready);
    ck_assert_int_eq(wakes(&last), 1);
    close_pair(fds);
}
END_TEST

// ---------------------------------------------------------------------------
// What can go wrong
// ---------------------------------------------------------------------------

// Hazard 17: the other end of a socket is closed while a reader and a writer
// wait for this one. Both must be woken, each once.
START_TEST(test_hangup_wakes_reader_and_writer)
{
    struct probe reader = { 0 }, writer = { 0 };
    int fds[2];

    socket_pair(fds);
    fill(fds[0]);
    ck_assert(!probe_wait(&reader, fds[0], WAKEUP_READABLE).ready);
    ck_assert(!probe_wait(&writer, fds[0], WAKEUP_WRITABLE).ready);
    ck_assert_int_eq(wakes(&reader) + wakes(&writer), 0);
    close(fds[1]);
    ck_assert_int_eq(wakes(&reader), 1);
    ck_assert_int_eq(wakes(&writer), 1);
    ck_assert_int_eq(count_epoll(), 0);
    close(fds[0]);
}
END_TEST

// Hazard 17: of a pipe the other end is closed, which is EPOLLHUP alone for
// the reader and EPOLLERR for the writer of a full one. Either must be woken.
START_TEST(test_closed_pipe_wakes_either_end)
{
    struct probe reader = { 0 }, writer = { 0 };
    int in[2], out[2];

    pipe_pair(in);
    pipe_pair(out);
    fill(out[1]);
    ck_assert(!probe_wait(&reader, in[0], WAKEUP_READABLE).ready);
    ck_assert(!probe_wait(&writer, out[1], WAKEUP_WRITABLE).ready);
    ck_assert_int_eq(wakes(&reader) + wakes(&writer), 0);
    close(in[1]);
    close(out[0]);
    ck_assert_int_eq(wakes(&reader), 1);
    ck_assert_int_eq(wakes(&writer), 1);
    close(in[0]);
    close(out[1]);
}
END_TEST

// Hazard 17: a writer waits for the reading end of a hung-up pipe, which never
// will be writable. It must be woken all the same, for it would learn why.
START_TEST(test_hangup_wakes_the_wrong_direction)
{
    struct probe probe = { 0 };
    int fds[2];

    pipe_pair(fds);
    ck_assert(!probe_wait(&probe, fds[0], WAKEUP_WRITABLE).ready);
    ck_assert_int_eq(wakes(&probe), 0);
    close(fds[1]);
    ck_assert_int_eq(wakes(&probe), 1);
    close(fds[0]);
}
END_TEST

// Hazard 17: a descriptor stays hung up while nobody waits for it, and another
// stays ready. The helper threads must sleep meanwhile.
START_TEST(test_hangup_does_not_spin)
{
    struct probe hung_up = { 0 }, ready_fd = { 0 }, quiet = { 0 };
    int fd = token_fd(1), quiet_fd = token_fd(0), fds[2];

    pipe_pair(fds);
    close(fds[1]);
    ck_assert(!probe_wait(&hung_up, fds[0], WAKEUP_READABLE).ready);
    ck_assert(!probe_wait(&ready_fd, fd, WAKEUP_READABLE).ready);
    ck_assert(!probe_wait(&quiet, quiet_fd, WAKEUP_READABLE).ready);
    ck_assert_int_eq(wakes(&hung_up), 1);
    ck_assert_int_eq(wakes(&ready_fd), 1);
    double before = cpu_seconds();
    sleep_for(0.5);
    ck_assert_double_lt(cpu_seconds() - before, 0.1);
    ck_assert_int_eq(wakes(&hung_up) + wakes(&ready_fd), 2);
    probe_end(&quiet);
    close(fd);
    close(quiet_fd);
    close(fds[0]);
}
END_TEST

struct wait_once {
    struct probe probe;
    int fd;
};

static struct poll wait_once_poll(void *data, struct context *cx)
{
    struct wait_once *self = data;

    return register_waker(&self->probe.sub, self->fd, cx->waker,
                          WAKEUP_READABLE);
}

static intptr_t await_fd(int fd)
{
    struct wait_once once = { .fd = fd };

    return executor_block_on(poll_fn(wait_once_poll, NULL, &once));
}

// Hazard 18: futures wait for a regular file, which epoll refuses. -EPERM must
// appear at the await, each time, and the reactor must go on. ENOSPC needs a
// limit that is set for the whole machine, so a fault injector tries that.
START_TEST(test_regular_file_is_refused)
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), good = token_fd(1);
    struct probe probe = { 0 };

    for (int i = 0; i < 3; i++) ck_assert_int_eq(await_fd(fd), -EPERM);
    struct poll poll = probe_wait(&probe, fd, WAKEUP_READABLE);
    ck_assert(poll.ready);
    ck_assert_int_eq(poll.value, -EPERM);
    ck_assert_int_eq(probe.wakers, 0);
    probe_end(&probe); // it does not wait
    ck_assert_int_eq(count_epoll(), 0);
    ck_assert(!probe_wait(&probe, good, WAKEUP_READABLE).ready);
    ck_assert_int_eq(wakes(&probe), 1);
    close(fd);
    close(good);
}
END_TEST

// Hazard 18: futures wait for what is no descriptor. -EBADF must appear at the
// await, and the number must work when it is one.
START_TEST(test_bad_fd_is_refused)
{
    settle(); // the epoll instance takes a number of its own
    int fd = token_fd(0);
    close(fd);
    ck_assert_int_eq(await_fd(-1), -EBADF);
    ck_assert_int_eq(await_fd(-EADDRINUSE), -EBADF);
    ck_assert_int_eq(await_fd(INT_MIN), -EBADF);
    ck_assert_int_eq(await_fd(INT_MAX), -EBADF);
    ck_assert_int_eq(await_fd(1 << 20), -EBADF);
    ck_assert_int_eq(await_fd((1 << 20) - 1), -EBADF);
    ck_assert_int_eq(await_fd(fd), -EBADF);
    int again = token_fd(0);
    ck_assert_int_eq(again, fd);
    struct task_joiner joiner = spawn_waiting(again, WAKEUP_READABLE);
    add_tokens(again, 1);
    ck_assert_int_eq(task_joiner_join(&joiner), 0);
    close(again);
}
END_TEST

// The reactor keeps its subscriptions in lists, and one list serves descriptors
// that are far apart. They wait at once, another one is refused, and each is
// woken by its own.
START_TEST(test_far_fds_share_a_list)
{
    int low = token_fd(0), fds[10] = { low }, count = 1;
    struct task_joiner joiners[10] = { spawn_waiting(low, WAKEUP_READABLE) };
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int bit = 10; bit < 19; bit++) {
        int fd = token_fd(0);
        if (dup2(fd, low + (1 << bit)) == low + (1 << bit)) {
            fds[count] = low + (1 << bit);
            joiners[count] = spawn_waiting(fds[count], WAKEUP_READABLE);
            count++;
        }
        close(fd);
    }
    if (count == 1) skip("there can be no descriptor %d", low + (1 << 10));
    ck_assert_int_eq(await_fd(low + (1 << 20)), -EBADF);
    for (int i = 0; i < count; i++) {
        add_tokens(fds[count - 1 - i], 1);
        ck_assert_int_eq(task_joiner_join(&joiners[count - 1 - i]), i);
    }
    for (int i = 0; i < count; i++) close(fds[i]);
}
END_TEST

// Hazard 51: where fs.nr_open and the limit allow more than 2^20 descriptors, a
// future that waits for one beyond must be served like any other, and one that
// is not open get -EBADF.
START_TEST(test_fd_beyond_a_million)
{
    int high = (1 << 20) + 7, fd = token_fd(0);
    struct rlimit limit = { (rlim_t)high + 2, (rlim_t)high + 2 }, old;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
    if (old.rlim_max > limit.rlim_max) limit.rlim_max = old.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) == -1 || dup2(fd, high) == -1) {
        skip("there can be no descriptor %d (%s). As root: "
             "sysctl fs.nr_open=2097152",
             high, strerror(errno));
        close(fd);
        return;
    }
    ck_assert_int_eq(await_fd(high + 1), -EBADF);
    struct task_joiner first = spawn_waiting(high, WAKEUP_READABLE);
    struct task_joiner second = spawn_waiting(high, WAKEUP_READABLE);
    add_tokens(high, 2);
    ck_assert_int_eq(task_joiner_join(&first), 0);
    ck_assert_int_eq(task_joiner_join(&second), 1);
    close(high);
    close(fd);
}
END_TEST

// Hazard 18: a subscription waits, and registers again for what is refused. It
// must wait no more: neither the old waker nor the new one is kept.
START_TEST(test_refused_again_waits_no_more)
{
    struct probe probe = { 0 };
    int fd = token_fd(0);

    ck_assert(!probe_wait(&probe, fd, WAKEUP_READABLE).ready);
    ck_assert_int_eq(probe_wait(&probe, -1, WAKEUP_READABLE).value, -EBADF);
    ck_assert_int_eq(probe.wakers, 0);
    ck_assert_int_eq(count_epoll(), 0);
    add_tokens(fd, 1);
    ck_assert_int_eq(wakes(&probe), 0);
    close(fd);
}
END_TEST

static void deregister_after_close(void)
{
    struct probe probe = { 0 };
    int fd = token_fd(0);

    probe_wait(&probe, fd, WAKEUP_READABLE);
    close(fd);
    probe_end(&probe);
}

static void register_after_close(void)
{
    struct probe probe = { 0 }, second = { 0 };
    int fd = token_fd(0);

    probe_wait(&probe, fd, WAKEUP_READABLE);
    close(fd);
    probe_wait(&second, fd, WAKEUP_READABLE);
}

static void register_after_reuse(void)
{
    struct probe probe = { 0 }, second = { 0 };
    int fd = token_fd(0);

    probe_wait(&probe, fd, WAKEUP_READABLE);
    close(fd);
    probe_wait(&second, token_fd(0), WAKEUP_READABLE);
}

static struct poll close_too_early(void *data, struct context *cx)
{
    int fd = token_fd(0);
    struct future *future = transfer(fd, WAKEUP_READABLE);

    (void)data;
    future_poll(future, cx);
    close(fd);
    future_drop(future);
    return POLL_READY(0);
}

static void close_in_a_task(void)
{
    executor_block_on(poll_fn(close_too_early, NULL, NULL));
}

// A descriptor that is closed while a future waits for it is misuse: as soon
// as the reactor hears of its number again it says so and aborts.
START_TEST(test_closed_while_waiting_aborts)
{
    const char *line = "was closed while a future waited for it";

    assert_dies(deregister_after_close, line);
    assert_dies(register_after_close, line);
    assert_dies(register_after_reuse, line);
    assert_dies(close_in_a_task, line);
    assert_dies(close_in_a_task, "in task poll_fn#1: fd ");
}
END_TEST

// Hazard 42: the reactor cannot start because no descriptor is free. -EMFILE
// must appear at the await, and when one is free again it must start.
START_TEST(test_reactor_starts_when_it_can)
{
    struct probe probe = { 0 };
    int fd = token_fd(0);
    rlim_t limit = use_up_fds();

    for (int i = 0; i < 2; i++) {
        struct future *read = transfer(fd, WAKEUP_READABLE);
        ck_assert_int_eq(executor_block_on(read), -EMFILE);
        ck_assert_int_eq(probe_wait(&probe, fd, WAKEUP_READABLE).value,
                         -EMFILE);
        ck_assert_int_eq(probe.wakers, 0);
    }
    limit_fds(limit);
    ck_assert_int_eq(count_epoll(), -1);
    struct task_joiner joiner = spawn_waiting(fd, WAKEUP_READABLE);
    ck_assert_int_eq(count_epoll(), 1);
    add_tokens(fd, 1);
    ck_assert_int_eq(task_joiner_join(&joiner), 0);
    close(fd);
}
END_TEST

// ---------------------------------------------------------------------------
// Signals, many descriptors, children
// ---------------------------------------------------------------------------

static atomic_int progress; // made by chores
static atomic_bool over;    // chores end soon
static atomic_int handled, strangers;
static pid_t main_tid;

// Sleeps, sends itself a datagram through a new socket and receives it, until
// all is over or it was done often enough.
struct chores {
    struct async async;
    int left, sock;
    char byte;
    struct socket_addr addr;
};

static int bind_localhost(struct socket_addr *addr)
{
    struct socket_addr any = localhost(0);
    int sock = udp_socket_bind(&any);

    if (sock >= 0) *addr = local_addr(sock);
    return sock;
}

static struct poll chores_poll(struct future *future, struct context *cx)
{
    struct chores *self = (struct chores *)future;

    ASYNC_BEGIN(self);
    for (; self->left > 0 && !over; self->left--) {
        AWAIT(self, timer_sleep((struct duration){ 50000 }));
        if (self->async.value < 0) break;
        self->async.value = self->sock = bind_localhost(&self->addr);
        if (self->sock < 0) break;
        AWAIT(self, udp_socket_send_to(self->sock, "x", 1, &self->addr));
        if (self->async.value == 1)
            AWAIT(self, udp_socket_recv_from(self->sock, &self->byte, 1, NULL));
        close(self->sock);
        if (self->async.value != 1) break;
        progress++;
    }
    ASYNC_END(self, self->left > 0 && !over ? self->async.value : 0);
}

static struct future *chores(int times)
{
    static const struct future_vtable vtable = { "chores", chores_poll,
                                                 async_drop };
    struct chores *self = future_new(sizeof(*self), &vtable);

    self->left = times;
    return &self->async.future;
}

static void handler(int signal)
{
    (void)signal;
    if (syscall(SYS_gettid) != main_tid) strangers++;
    handled++;
}

// Sends this process a signal that its main thread blocks for the moment, so
// that the kernel looks for another thread that would take it.
static void signal_this_process(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    kill(getpid(), SIGUSR1);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

// Hazard 19: while tasks sleep, send and receive, the process handles 1,000
// signals. None may be handled on a helper thread, and no task may fail or
// stand still.
START_TEST(test_signals_disturb_nothing)
{
    struct sigaction action = { .sa_handler = handler };
    struct task_joiner joiners[4];

    main_tid = (pid_t)syscall(SYS_gettid);
    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < 4; i++) joiners[i] = executor_spawn(chores(INT_MAX));
    for (int i = 0; i < 1000; i++) {
        if (i % 10 == 0) wait_for(&progress, progress + 1);
        signal_this_process();
    }
    wait_for(&handled, 1000);
    wait_for(&progress, progress + 10);
    over = true;
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(task_joiner_join(&joiners[i]), 0);
    ck_assert_int_eq(handled, 1000);
    ck_assert_int_eq(strangers, 0);
}
END_TEST

static char state_of(pid_t pid)
{
    char path[40], state = '?';

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *stat = fopen(path, "r");
    if (stat == NULL || fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
        state = '?';
    if (stat != NULL) fclose(stat);
    return state;
}

// In a child: stops and continues the parent, once for each byte it is sent,
// and answers each with a byte.
static void stop_parent(int sock)
{
    pid_t parent = getppid();
    char byte;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (read(sock, &byte, 1) == 1) {
        kill(parent, SIGSTOP);
        while (state_of(parent) != 'T') usleep(100);
        kill(parent, SIGCONT);
        if (write(sock, &byte, 1) != 1) break;
    }
    _exit(0);
}

// Hazard 19: while tasks sleep, send and receive, the process is stopped and
// continued, which interrupts even calls of threads that block all signals.
// The tasks must go on each time.
START_TEST(test_stop_and_continue)
{
    struct task_joiner joiners[4];
    struct probe probe = { 0 };
    int fds[2], fd = token_fd(0);
    char byte = 0;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    pid_t child = fork();
    if (child == 0) {
        close(fds[0]);
        stop_parent(fds[1]);
    }
    close(fds[1]);
    // At first the reactor sleeps for good, later it is busy.
    ck_assert(!probe_wait(&probe, fd, WAKEUP_READABLE).ready);
    for (int i = 0; i < 40; i++) {
        ck_assert_int_eq(write(fds[0], &byte, 1), 1);
        ck_assert_int_eq(read(fds[0], &byte, 1), 1);
        if (i < 10) continue;
        if (i > 10)
            wait_for(&progress, progress + 4);
        else
            for (int j = 0; j < 4; j++)
                joiners[j] = executor_spawn(chores(INT_MAX));
    }
    over = true;
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(task_joiner_join(&joiners[i]), 0);
    add_tokens(fd, 1);
    ck_assert_int_eq(wakes(&probe), 1);
    close(fds[0]);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    close(fd);
}
END_TEST

// Hazard 20: while the reactor is held up, a thousand descriptors become
// ready. When it goes on, each of the thousand tasks must be served.
START_TEST(test_thousand_fds_ready_at_once)
{
    static struct task_joiner joiners[1000];
    static int fds[1000];
    struct gate gate;

    limit_fds(1200);
    for (int i = 0; i < 1000; i++) {
        fds[i] = token_fd(0);
        joiners[i] = executor_spawn(transfer(fds[i], WAKEUP_READABLE));
    }
    wait_for(&polls, 1000);
    ck_assert_int_eq(count_epoll(), 1000);
    hold_reactor(&gate);
    for (int i = 0; i < 1000; i++) add_tokens(fds[i], 1);
    release_reactor(&gate);
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_ge(task_joiner_join(&joiners[i]), 0);
        close(fds[i]);
    }
    ck_assert_int_eq(transfers, 1000);
    ck_assert_int_eq(polls, 1000);
}
END_TEST

// How many descriptors a program sees that is started now.
static int fds_of_a_child(void)
{
    FILE *child = popen("ls /proc/self/fd | wc -l", "r");
    int fds;

    ck_assert_ptr_nonnull(child);
    ck_assert_int_eq(fscanf(child, "%d", &fds), 1);
    ck_assert_int_eq(pclose(child), 0);
    return fds;
}

// Hazard 21: a program is started while a sleep and a receive are pending. It
// must see the same descriptors as one started before trale was used.
START_TEST(test_exec_inherits_nothing)
{
    struct socket_addr addr;
    int count = 0, before = fds_of_a_child(), own = count_fds();
    struct waker waker = counting_waker(&count);
    char byte;

    ck_assert_int_ge(before, 3);
    int sock = bind_localhost(&addr);
    struct future *recv = udp_socket_recv_from(sock, &byte, 1, NULL);
    struct future *sleep = timer_sleep(duration_from_secs(3600));
    ck_assert(!poll_by_hand(recv, &waker).ready);
    ck_assert(!poll_by_hand(sleep, &waker).ready);
    ck_assert_int_eq(count_fds(), own + 3);
    ck_assert_int_eq(fds_of_a_child(), before);
    future_drop(recv);
    future_drop(sleep);
    close(sock);
}
END_TEST

// Hazard 22: with room for 32 descriptors, 4,000 sleeps and 4,000 sockets come
// and go, by two tasks at once. Each must succeed, and none be left open.
START_TEST(test_few_fds_are_enough)
{
    int times = rounds(2000), before = count_fds();

    limit_fds(32);
    struct task_joiner first = executor_spawn(chores(times));
    struct task_joiner second = executor_spawn(chores(times));
    ck_assert_int_eq(task_joiner_join(&first), 0);
    ck_assert_int_eq(task_joiner_join(&second), 0);
    ck_assert_int_eq(progress, 2 * times);
    ck_assert_int_eq(count_fds(), before + 1); // the epoll instance
    ck_assert_int_eq(count_epoll(), 0);
}
END_TEST

Suite *reactor_suite(void)
{
    Suite *suite = suite_create("reactor");

    add_test(suite, test_two_readers_of_one_fd, 20);
    add_test(suite, test_reader_and_writer_of_one_fd, 20);
    add_test(suite, test_directions_are_woken_apart, 20);
    add_test(suite, test_hundred_waiters_are_woken_in_order, 20);
    add_test(suite, test_hundred_tasks_are_served_in_order, 20);
    add_test(suite, test_others_wait_on_when_one_gives_up, 20);
    add_test(suite, test_latest_waker_wins, 20);
    add_test(suite, test_registered_again_is_woken_last, 20);
    add_test(suite, test_register_for_the_other_direction, 20);
    add_test(suite, test_register_for_another_fd, 20);
    add_test(suite, test_register_with_its_own_waker, 20);
    add_test(suite, test_deregister_is_idempotent, 20);
    add_test(suite, test_wake_may_register, 20);
    add_test(suite, test_drop_may_deregister, 20);
    add_test(suite, test_dropped_future_leaves_nothing, 20);
    add_test(suite, test_nothing_is_left_after_a_wake, 20);
    add_test(suite, test_fetched_event_of_a_reused_fd, 20);
    add_test(suite, test_fetched_event_of_the_other_direction, 20);
    add_test(suite, test_fetched_event_is_not_lost, 20);
    add_test(suite, test_reused_fd_wakes_only_its_new_owner, 60);
    add_test(suite, test_reused_fd_polls_only_its_new_task, 20);
    add_test(suite, test_many_registrations_take_no_memory, 120);
    add_test(suite, test_threads_contend_for_one_fd, 60);
    add_test(suite, test_hangup_wakes_reader_and_writer, 20);
    add_test(suite, test_closed_pipe_wakes_either_end, 20);
    add_test(suite, test_hangup_wakes_the_wrong_direction, 20);
    add_test(suite, test_hangup_does_not_spin, 20);
    add_test(suite, test_regular_file_is_refused, 20);
    add_test(suite, test_bad_fd_is_refused, 20);
    add_test(suite, test_far_fds_share_a_list, 20);
    add_test(suite, test_fd_beyond_a_million, 20);
    add_test(suite, test_refused_again_waits_no_more, 20);
    add_test(suite, test_closed_while_waiting_aborts, 20);
    add_test(suite, test_reactor_starts_when_it_can, 20);
    add_test(suite, test_signals_disturb_nothing, 60);
    add_test(suite, test_stop_and_continue, 60);
    add_test(suite, test_thousand_fds_ready_at_once, 30);
    add_test(suite, test_exec_inherits_nothing, 20);
    add_test(suite, test_few_fds_are_enough, 60);
    return suite;
}
