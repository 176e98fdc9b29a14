// trale: a tiny async Linux executor, in C as it was in Rust.
//
// A program hands it tasks. A task can wait, and the others run meanwhile:
//
//     static struct poll hello_poll(struct future *future, struct context *cx)
//     {
//         struct hello *self = (struct hello *)future;
//
//         ASYNC_BEGIN(self);
//         AWAIT(self, timer_sleep(duration_from_secs(2)));
//         printf("Hello task %d!\n", self->id);
//         ASYNC_END(self, self->id);
//     }
//
// Two threads do the work. The executor thread polls the tasks, one at a time.
// The reactor thread sleeps in epoll until a file descriptor is ready. A task
// goes round this ring until it is done:
//
//     executor_spawn --> run-queue --> executor_loop polls it --> done
//                            ^                       | it has to wait
//            task_wake |                       v
//     epoll: it is ready --> reactor_loop <-- reactor_register_waker
//
// Read this file from the top to the bottom, beside the Rust that it mirrors:
// hexagonal-sun/trale at commit 2e2bf2f, "Rust trale" from here on. "Later
// trale" is a later commit. NOTES.md is the companion. trale.h declares what
// programs use: struct future, poll, context and waker, which are Rust's std.
//
// It is correct: no wake-up is lost, no task starves, what is dropped leaves
// nothing behind. It is simple on purpose: one thread for all tasks, Linux only.
#define _GNU_SOURCE // for POLLRDHUP and pthread_setname_np
#define _FILE_OFFSET_BITS 64
#define _TIME_BITS 64 // on 32 bits too, a sleep may be longer than 68 years
#include "trale.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

// A caption. It says what happens at this line, and to which task or to which
// subscription. Here it compiles to nothing. examples/trace/trace.c gives it a
// meaning and then includes this file: that build prints each event.
#ifndef EVENT
#define EVENT(what, task, sub) ((void)0)
#endif

// For assertions: somebody holds the lock. POSIX cannot tell whether it is us.
#define held(mutex) (pthread_mutex_trylock(mutex) == EBUSY)

// The comment above each function ends its first line in three parts:
//
//     its name in Rust | the threads that run it | the locks
//
// "the executor" is the executor thread. (A future that was never spawned may
// be polled and dropped by the thread that owns it.) "takes executor.lock": it
// locks and unlocks it. "holds executor.lock": its caller has locked it. "no
// lock": no lock is held when it is called, and it takes none. "any lock": it
// works with and without.
//
// There are two locks, executor.lock and reactor.lock. No thread holds both.
//
// These stand at the end of the file, because Rust's std has them. panic is
// declared in trale.h: it prints one line and aborts.
static inline void lock(pthread_mutex_t *mutex); // Mutex::lock
static void thread_spawn(const char *name, void *(*loop)(void *));

// ---------------------------------------------------------------------------
// std: Future, and what rustc makes of .await
//
// A future is something that can be polled. A poll does what can be done without
// blocking. Then it returns POLL_READY with the output, or POLL_PENDING.
//
// An async block is a future too: a struct holds its locals and the line where
// it stopped, and its poll function jumps to that line. trale.h has the macros,
// and examples/states.c shows the same without macros.
// ---------------------------------------------------------------------------

// Future::poll | the executor | no lock
//
// Everybody polls through this function, so no future needs a check of its own
// against a poll after it was ready.
struct poll future_poll(struct future *future, struct context *cx)
{
    if (future == NULL || future->vtable == NULL)
        panic("there is nothing to await: a NULL future, or an empty joiner");
    if (future->done)
        panic("%s was polled after it was ready: drop it instead",
              future->vtable->name);
    struct poll poll = future->vtable->poll(future, cx);
    future->done = poll.ready;
    return poll;
}

// .await, one step of it | the executor | no lock
//
// If the child is pending, the caller returns POLL_PENDING to its own caller,
// and so on, up to executor_loop. That suspends the task. Its state stays in
// the structs, and no stack is needed. To resume it, executor_loop polls the
// task's future again, and each future on the way polls its child.
//
// If the child is ready, it is dropped before the parent's next statement, as
// in Rust. So a sleep that is over has closed its descriptor by then.
struct poll await(struct future **child, struct context *cx)
{
    struct poll poll = future_poll(*child, cx);
    if (!poll.ready) return poll;
    future_drop(*child);
    *child = NULL;
    return poll;
}

// ---------------------------------------------------------------------------
// task.rs: the executor
//
// It follows eight rules. The code cites them by number.
//
// 1. A task is on the run-queue, or on the wait-queue, or it is done and on
//    neither. One lock guards both queues.
// 2. The executor moves a task to the wait-queue before it polls it. So a wake
//    during the poll finds the task there.
// 3. A wake moves a task from the wait-queue to the tail of the run-queue. If
//    the task is not on the wait-queue, the wake changes nothing. So a second
//    wake, a late wake and a wake of a done task do no harm.
// 4. A task that is ready leaves the queue that it is on. That can be the
//    run-queue, if a wake came during its last poll.
// 5. The run-queue is first in, first out. So no task starves another.
// 6. No lock is held while we call through a vtable: to poll or drop a future,
//    to clone, wake or drop a waker. The function that we call may call us.
//    The futures of a task are polled and dropped on the executor thread only.
// 7. A subscription is one future's wait for one descriptor. It owns its waker.
//    The reactor ignores an event for a subscription that is gone.
// 8. A waiting task of which nobody holds a waker can never run again. We count
//    the wakers, so we notice that at once, and panic. (Tasks that wait for
//    each other in a circle do hold wakers. We do not notice those.)
//
// These are all the moves there are:
//
//     from          to            by
//     (new)         run-queue     executor_spawn
//     run-queue     wait-queue    executor_loop, step 2: before each poll
//     wait-queue    run-queue     task_wake, on any thread
//     wait-queue    done          task_finish, after a poll that was ready
//     run-queue     done          the same, if a wake came during that poll
// ---------------------------------------------------------------------------

// Rule 1. While a task is being polled it is WAITING, or RUNNABLE if a wake came.
enum task_state { RUNNABLE, WAITING, DONE };

// A queue is a ring of links: one of its own, and one in each of its tasks. So
// a task can leave the middle of a queue, and queues need no memory of theirs.
struct link {
    struct link *prev, *next;
};

// task.rs: Task, an Arc in Rust. One block of memory holds the task and, behind
// it, its future. Three hold the block: the wakers, the joiner, and the
// executor during a poll. It is freed when the task is done and all have let go.
struct task {
    // Guarded by executor.lock:
    _Alignas(16) struct link link; // place in a queue, unless DONE
    struct waker awaiter;          // of the task that awaits this one, or empty
    pthread_cond_t *join_cv;       // of the thread that joins this one, or NULL
    intptr_t output;               // once it is DONE
    _Atomic unsigned wakers;       // how many clones of its waker there are
    enum task_state state : 8;     // rule 1
    bool has_joiner;               // not joined, awaited or detached yet
    // Set by executor_spawn, then constant:
    uint64_t id; // 1, 2, 3, ...
    // Only the executor thread touches it:
    struct future future[]; // the one that stands behind the task
};

// task.rs: Executor. Rust has a lock for each queue. With one lock for both,
// nobody sees a task on its way between them.
static struct executor {
    pthread_mutex_t lock;       // guards all of this, and the tasks
    pthread_cond_t cv;          // signalled when run_q has gained a task
    struct link run_q, waiting; // the tasks that are RUNNABLE, WAITING
    struct task *polling; // the task in steps 2 to 5 of executor_loop, or NULL
    uint64_t spawned;     // how many tasks so far
} executor = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER,
               .run_q = { &executor.run_q, &executor.run_q },
               .waiting = { &executor.waiting, &executor.waiting } };

// The task that this thread polls, or NULL. So it is NULL on all threads but
// the executor thread. A panic names this task, and a join is refused inside it.
static _Thread_local struct task *current;

// See below:
static void task_move(struct task *task, enum task_state state);
static void task_finish(struct task *task, intptr_t output);
static inline void task_release(struct task *task);
static const struct waker_vtable task_vt;

// task.rs: Executor::executor_loop | the executor | takes executor.lock
static void *executor_loop(void *unused)
{
    lock(&executor.lock);
    for (;;) {
        // 1. Take the oldest task of the run-queue. Sleep while there is none.
        // (Rust trale takes the youngest. If that wakes itself, all others
        // starve: rule 5.)
        while (executor.run_q.next == &executor.run_q)
            pthread_cond_wait(&executor.cv, &executor.lock);
        struct task *task = (struct task *)executor.run_q.next;

        // 2. Move it to the wait-queue, although it was not polled yet. The
        // poll may register the waker with the reactor, and the reactor thread
        // may wake it before the poll returns. That wake must find the task on
        // the wait-queue, or it changes nothing and is lost (rules 2 and 3).
        task_move(task, WAITING);
        executor.polling = current = task;
        EVENT("poll", task, NULL);
        pthread_mutex_unlock(&executor.lock);

        // 3. Poll it without a lock (rule 6): it may spawn, wake, register and
        // drop what it likes. The waker in the context is only lent: it is not
        // counted, and who wants to keep it clones it.
        struct context cx = { &(struct waker){ &task_vt, task } };
        EVENT("step", task, NULL);
        struct poll poll = future_poll(task->future, &cx);
        if (poll.ready) future_drop(task->future);

        // 4. Pending: there is nothing to do. Somebody holds a clone of the
        // waker and will wake the task, or has done so. Ready: the task leaves
        // its queue (rule 4), and whoever joins or awaits it gets the output.
        // The future was dropped first, so its locals are gone by then.
        lock(&executor.lock);
        if (poll.ready) task_finish(task, poll.value);
        if (!poll.ready) EVENT("pending", task, NULL);

        // 5. The executor lets go of the task. If it waits and no clone of its
        // waker is left, this is where rule 8 panics. The lock stays with us
        // for step 1.
        executor.polling = current = NULL;
        task_release(task);
    }
    return unused; // never
}

// ---------------------------------------------------------------------------
// task.rs: what happens to a task
//
// A wake can come while the poll runs. This is why rule 2 exists:
//
//     main       executor thread       reactor thread   run-q  wait-q  wakers
//     spawns #1                                         #1     -       0
//     joins it   2. moves it                            -      #1      0
//     .          3. polls: registers                    -      #1      1
//     .          .                     fd is ready      -      #1      1
//     .          .                     wakes #1         #1     -       0
//     .             returns pending                     #1     -       0
//     .          2. moves it                            -      #1      0
//     .          3. polls: ready                        -      #1      0
//     .          4. finishes it                         -      -       0
//     has output 5. lets go                             -      -       0
//
// If the executor moved the task after the poll, the wake would not find it on
// the wait-queue, and change nothing:
//
//     .          3. polls: registers                    -      -       1
//     .          .                     wakes #1: no-op  -      -       0
//     .             returns pending                     -      -       0
//     .          2. moves it, too late                  -      #1      0
//
// Now the task waits, and nobody will ever wake it.
// ---------------------------------------------------------------------------

// Vec::push, Slab::insert, and their undoing | any thread | holds executor.lock
//
// Takes the task off its queue and puts it at the tail of the queue of its new
// state. DONE has none.
static void task_move(struct task *task, enum task_state state)
{
    struct link *link = &task->link;
    struct link *queue = state == WAITING ? &executor.waiting : &executor.run_q;

    assert(held(&executor.lock));
    task->state = state;
    link->prev->next = link->next;
    link->next->prev = link->prev;
    if (state == DONE) return;
    link->prev = queue->prev;
    link->next = queue;
    link->prev->next = link;
    queue->prev = link;
}

// drop(Arc<Task>) | any thread | holds executor.lock
//
// Called when a waker, the joiner or the executor has let go of the task. What
// is left decides. During a poll the executor holds it, so this does nothing.
//
// No wakers, and not being polled: then no waker of this task can appear any
// more. A waker is a clone of another one, and the first one is lent by step 3
// of executor_loop. So rule 8 is never a false alarm. (In Rust such a task
// sleeps for ever, and nobody is told.)
//
// The future was dropped in step 3, on the executor thread. Only the memory is
// freed here, on any thread.
static void task_release(struct task *task)
{
    if (task->wakers > 0 || task == executor.polling) return;
    if (task->state == WAITING) current = task; // the panic is about this one
    if (task->state == WAITING)
        panic("nobody holds a waker of it any more, so it can never run again: "
              "keep a clone of cx->waker and wake it");
    if (task->state != DONE || task->has_joiner) return;
    EVENT("drop", task, NULL);
    free(task);
}

// mpsc::Sender::send | the executor | holds executor.lock, but not while it
// wakes
//
// The task is done. Its output goes to the thread that joins it, or to the task
// that awaits it, if there is one yet. The awaiter's waker is called without a
// lock (rule 6). The task stays in memory meanwhile: executor.polling holds it.
static void task_finish(struct task *task, intptr_t output)
{
    task_move(task, DONE);
    task->output = output;
    EVENT("ready", task, NULL);
    if (task->join_cv != NULL) pthread_cond_signal(task->join_cv);
    struct waker awaiter = waker_take(&task->awaiter);
    if (awaiter.vtable == NULL) return;
    pthread_mutex_unlock(&executor.lock);
    waker_wake(&awaiter);
    lock(&executor.lock);
}

// Arc::clone | any thread | takes executor.lock
//
// The caller has a waker already, so the task cannot be freed meanwhile.
static void task_clone(void *data)
{
    ((struct task *)data)->wakers++;
}

// drop(Waker) | any thread | takes executor.lock
static void task_drop(void *data)
{
    lock(&executor.lock);
    ((struct task *)data)->wakers--;
    task_release(data);
    pthread_mutex_unlock(&executor.lock);
}

// task.rs: <Task as Wake>::wake | any thread | takes executor.lock
//
// This is rule 3. If the task is on the run-queue, it will be polled anyway, and
// its future will see then what it was woken for. If it is done, it is on no
// queue. (Rust trale does not ask whether the task waits. It removes it from
// the wait-queue, and panics if it is not there.)
static void task_wake(void *data)
{
    struct task *task = data;

    lock(&executor.lock);
    bool waits = task->state == WAITING;
    if (waits) task_move(task, RUNNABLE);
    EVENT(waits ? "wake" : "wake-noop", task, NULL);
    task->wakers--; // wake consumes the waker
    task_release(task);
    bool idle = executor.run_q.next == &task->link && executor.polling == NULL;
    pthread_mutex_unlock(&executor.lock);
    if (idle) pthread_cond_signal(&executor.cv);
}

// task.rs: impl Wake for Task
//
// A waker is these three functions and a pointer. Who holds one knows nothing
// else of the task or of the executor. This is how the reactor wakes a task.
static const struct waker_vtable task_vt = { task_clone, task_wake, task_drop };

// ---------------------------------------------------------------------------
// task.rs: spawn and join
//
// In Rust the joiner is the receiving end of a channel. Here the task itself is
// the channel, because the joiner holds it until the output was taken.
// ---------------------------------------------------------------------------

// Box::pin | any thread | no lock
//
// Leaves room for a task in front of the future. So a spawn allocates nothing,
// and a future never moves. Production runtimes keep the two together as well.
// Zeroed memory is a state machine at its start, with no child and no waker.
void *future_new(size_t size, const struct future_vtable *vtable)
{
    struct task *task = calloc(1, sizeof(*task) + size);

    if (task == NULL) panic("out of memory");
    task->future->vtable = vtable;
    return task->future;
}

// drop(Pin<Box<dyn Future>>) | the executor | no lock
//
// A future that was spawned is freed with its task, by task_release.
void future_drop(struct future *future)
{
    if (future == NULL || future->vtable == NULL) return;
    if (future->vtable->drop != NULL) future->vtable->drop(future);
    if (!future->in_place) free((struct task *)future - 1);
}

// drop(TaskJoiner) | any thread | holds executor.lock, and returns without
//
// The joiner lets go of the task. If a task awaited this one, the waker of that
// task is dropped without the lock (rule 6).
static void joiner_release(struct task_joiner *joiner)
{
    struct waker awaiter = waker_take(&joiner->task->awaiter);

    joiner->task->has_joiner = false;
    task_release(joiner->task);
    joiner->task = NULL;
    joiner->future.done = true; // from now on future_poll refuses it
    pthread_mutex_unlock(&executor.lock);
    waker_drop(&awaiter);
}

// drop(TaskJoiner) | any thread | takes executor.lock
//
// task_joiner_drop comes here. If nobody has joined or awaited the task, it is
// detached: it runs on, and its output is lost.
static void join_drop(struct future *future)
{
    struct task_joiner *joiner = (struct task_joiner *)future;

    if (joiner->task == NULL) return;
    lock(&executor.lock);
    joiner_release(joiner);
}

// task.rs: TaskJoiner::join | any thread but the executor | takes executor.lock
//
// The condition variable is on our stack. Who signals it holds the lock, and we
// return with the lock, so nobody uses it after it is gone. For the same reason
// the thread must not be cancelled while it waits.
intptr_t task_joiner_join(struct task_joiner *joiner)
{
    pthread_cond_t done = PTHREAD_COND_INITIALIZER;
    struct task *task = joiner->task;
    int cancellable;

    if (current != NULL)
        panic("join and block_on would block the thread that polls all tasks: "
              "AWAIT the joiner instead");
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellable);
    lock(&executor.lock);
    if (task == NULL || joiner->future.done || task->join_cv != NULL)
        panic("joined twice: a task gives its output only once");
    task->join_cv = &done;
    EVENT("join", task, NULL);
    while (task->state != DONE) pthread_cond_wait(&done, &executor.lock);
    intptr_t output = task->output;
    joiner_release(joiner);
    pthread_setcancelstate(cancellable, NULL);
    return output;
}

// later trale: TaskJoiner::poll | the executor | takes executor.lock
//
// A leaf future, but it waits for a task and not for the kernel. It stores the
// waker and looks at the state under one lock, so the task cannot finish
// between the two. A waker that is not needed is dropped with the joiner.
static struct poll join_poll(struct future *future, struct context *cx)
{
    struct task *task = ((struct task_joiner *)future)->task;
    struct waker waker = waker_clone(cx->waker);

    lock(&executor.lock);
    struct waker replaced = task->awaiter; // the latest waker wins
    task->awaiter = waker;
    struct poll poll = { task->state == DONE, task->output };
    if (!poll.ready) EVENT("join", task, NULL);
    pthread_mutex_unlock(&executor.lock);
    waker_drop(&replaced);
    return poll;
}

// later trale: impl Future for TaskJoiner
static const struct future_vtable joiner = { "joiner", join_poll, join_drop };

// task.rs: Executor::get, Executor::spawn | any thread | takes executor.lock
//
// The first task starts the executor thread. Once we unlock, the task may run,
// and even be done before we return. The joiner keeps its memory.
struct task_joiner executor_spawn(struct future *future)
{
    if (future == NULL || future->in_place)
        panic("there is no future to spawn, or it was spawned before");
    struct task *task = (struct task *)future - 1;
    task->link = (struct link){ &task->link, &task->link };
    task->has_joiner = future->in_place = true;
    lock(&executor.lock);
    if (executor.spawned == 0) thread_spawn("executor", executor_loop);
    task->id = ++executor.spawned;
    task_move(task, RUNNABLE);
    EVENT("spawn", task, NULL);
    bool idle = executor.run_q.next == &task->link && executor.polling == NULL;
    pthread_mutex_unlock(&executor.lock);
    if (idle) pthread_cond_signal(&executor.cv);
    return (struct task_joiner){ { &joiner, .in_place = true }, task };
}

// task.rs: Executor::block_on | any thread but the executor | takes
// executor.lock
//
// The future still runs on the executor thread, and this thread only waits.
// Many runtimes poll it on the calling thread instead.
intptr_t executor_block_on(struct future *future)
{
    struct task_joiner task = executor_spawn(future);

    return task_joiner_join(&task);
}

// ---------------------------------------------------------------------------
// reactor/mod.rs: the reactor
//
// It sleeps in epoll_wait and wakes the futures whose descriptors are ready. It
// knows no tasks, only wakers. So another executor can use it too.
//
// A wake is only a hint. The woken future tries its system call again, and
// registers again if it has to. So a wake too many costs one poll. A wake too
// few cannot happen. If the descriptor becomes ready after the failed try and
// before the registration, epoll reports it all the same: it is level-triggered
// here. It reports what is ready, not what changes.
// ---------------------------------------------------------------------------

// reactor/mod.rs: Reactor, and reactor/poll.rs: Poll. The lock guards all of
// it, and each struct subscription that is on a list. A subscription that is on
// no list belongs to its future. (epoll, once it is set, needs no lock.)
//
// The lists are a hash table: descriptor fd is on list fd % LISTS. So there may
// be any number of descriptors, and the lists are short. A production runtime
// keeps a descriptor's list beside the descriptor.
enum { LISTS = 1 << 14 };

static struct reactor {
    pthread_mutex_t lock;
    int epoll;                           // -1 until the first registration
    uint32_t generation;                 // of the last change of a list
    struct subscription *waiting[LISTS]; // each in order of registration
} reactor = { PTHREAD_MUTEX_INITIALIZER, .epoll = -1 };

// reactor/poll.rs: Poll::insert, slab.remove | any thread | holds reactor.lock
//
// Puts the subscription at the end of its list, or takes it off, and tells epoll
// what those who wait for the descriptor want now, all together. Returns 0, or
// -errno if epoll refuses a new descriptor. Then the list is as it was.
//
// epoll forgets a descriptor that is closed. So the other changes fail if it was
// closed too early. We notice that only here: when one more future waits for it,
// or one waits no longer. Its number may belong to another file by then, so
// there is no safe way on. If nobody comes here, its future waits for ever.
static int list_change(struct subscription *sub, bool insert)
{
    struct subscription **list = &reactor.waiting[(uint32_t)sub->fd % LISTS];
    struct subscription **place = list;
    struct epoll_event event = { .events = 0 };
    int op = insert ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;

    assert(held(&reactor.lock));
    event.data.u64 = (uint64_t)++reactor.generation << 32 | (uint32_t)sub->fd;
    while (*place != NULL && *place != sub) place = &(*place)->next;
    *place = insert ? sub : sub->next;
    for (struct subscription *other = *list; other; other = other->next) {
        if (other->fd != sub->fd) continue;
        if (other != sub) op = EPOLL_CTL_MOD;
        other->event_data = event.data.u64;
        event.events |= other->kind;
    }
    if (epoll_ctl(reactor.epoll, op, sub->fd, &event) == 0) return 0;
    if (op != EPOLL_CTL_ADD)
        panic("fd %d was closed while a future waited for it (%s): drop the "
              "future before you close",
              sub->fd, strerror(errno));
    *place = NULL;
    return -errno;
}

// reactor/mod.rs: Reactor::reactor_loop, and reactor/poll.rs: Poll::wait | the
// reactor | takes reactor.lock
static void *reactor_loop(void *unused)
{
    for (;;) {
        struct epoll_event event;

        // 1. Wait for an event. (One at a time, as in Rust trale. Production
        // runtimes fetch many.) SIGSTOP and SIGCONT cause EINTR, even though
        // this thread blocks all signals.
        while (epoll_wait(reactor.epoll, &event, 1, -1) == -1)
            if (errno != EINTR) panic("epoll_wait: %s", strerror(errno));

        // 2. Find the future that it is for: the first that registered. If the
        // descriptor is ready for others too, epoll says so again. If it failed
        // or was hung up, it is ready for all: they are woken one after the
        // other, and their system calls tell them why. If nobody is found, the
        // event is too old (rule 7).
        lock(&reactor.lock);
        struct subscription *sub =
            reactor.waiting[(uint32_t)event.data.u64 % LISTS];
        while (sub && (sub->event_data != event.data.u64 ||
                       !(event.events & (sub->kind | EPOLLERR | EPOLLHUP))))
            sub = sub->next;
        if (sub != NULL) list_change(sub, false);
        if (sub != NULL) EVENT("event", NULL, sub);
        struct waker due = sub ? waker_take(&sub->waker) : (struct waker){ 0 };
        pthread_mutex_unlock(&reactor.lock);

        // 3. Wake it without a lock (rule 6). Waking a task takes executor.lock,
        // and a waker from elsewhere may even register with us.
        waker_wake(&due);
    }
    return unused; // never
}

// reactor/mod.rs: Reactor::register_waker | any thread | takes reactor.lock
//
// A future that still waits may be polled again, and then it registers again.
// Its old registration is undone: the latest waker wins, and the subscription
// goes to the tail of its list. (Rust trale adds the descriptor to epoll a
// second time, and panics.)
//
// Once the lock is released, the reactor thread may wake the waker, even before
// the caller has returned POLL_PENDING. That is what rule 2 is for.
struct poll reactor_register_waker(struct subscription *sub,
                                   const struct waker *waker)
{
    if (waker == &sub->waker) return POLL_PENDING; // it waits with that already
    reactor_deregister_waker(sub);
    struct waker clone = waker_clone(waker);
    lock(&reactor.lock);
    sub->waker = clone;
    sub->next = NULL;
    bool first = reactor.epoll == -1;
    if (first) reactor.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (first && reactor.epoll != -1) thread_spawn("reactor", reactor_loop);
    int error = reactor.epoll == -1 ? -errno : list_change(sub, true);
    if (error == 0) EVENT("register", NULL, sub);
    pthread_mutex_unlock(&reactor.lock);
    if (error != 0) waker_drop(&sub->waker);
    return error == 0 ? POLL_PENDING : POLL_READY(error);
}

// drop(Subscription) | any thread | takes reactor.lock
//
// Without a waker it has never registered, or the reactor thread was faster: it
// has taken the waker and wakes it. That is a wake too many, and harmless (rule
// 3).
void reactor_deregister_waker(struct subscription *sub)
{
    lock(&reactor.lock);
    if (sub->waker.vtable != NULL) list_change(sub, false);
    if (sub->waker.vtable != NULL) EVENT("deregister", NULL, sub);
    struct waker waker = waker_take(&sub->waker);
    pthread_mutex_unlock(&reactor.lock);
    waker_drop(&waker);
}

// ---------------------------------------------------------------------------
// futures/timer.rs: a leaf future
//
// A leaf future is the end of a chain of awaits. It awaits no other future, but
// asks the kernel. All leaf futures are made alike: try; if that would block,
// register the waker and return POLL_PENDING; when polled again, try again. They
// do not ask why they are polled, so a spurious poll does no harm.
//
// A timerfd is a descriptor that becomes ready at a point in time. So the
// reactor needs no notion of time. One sleep costs six system calls:
// timerfd_create, epoll_ctl (add), timerfd_settime; epoll_wait and epoll_ctl
// (delete) on the reactor thread; close. Production runtimes sort their timers
// themselves, and use the timeout of epoll_wait.
// ---------------------------------------------------------------------------

// futures/timer.rs: Timer. As in every future of ours, the struct future comes
// first. So a pointer to the one is a pointer to the other.
struct timer {
    struct future future;
    struct subscription sub; // its fd is -1 until the first poll
    int64_t expiration;      // in nanoseconds of CLOCK_MONOTONIC
};

// Instant::now | any thread | any lock
//
// CLOCK_MONOTONIC is a clock that nobody can set. The timerfd uses it too.
static int64_t instant_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NANOS_PER_SEC + now.tv_nsec;
}

// futures/timer.rs: Timer::poll | the executor | takes reactor.lock
//
// The time is absolute, so it does not matter how late or how often we are
// polled. If it has just passed, the timer fires at once. (Rust trale's time is
// relative. It can become zero, which disarms the timer: the sleep never ends.)
//
// We register before we arm the timer. Else it could fire while we still hold
// reactor.lock, and the reactor thread would wake up only to wait for us.
static struct poll timer_poll(struct future *future, struct context *cx)
{
    struct timer *self = (struct timer *)future;
    struct itimerspec at = { .it_value = { self->expiration / NANOS_PER_SEC,
                                           self->expiration % NANOS_PER_SEC } };
    int *fd = &self->sub.fd;

    if (instant_now() >= self->expiration) return POLL_READY(0);
    if (*fd == -1) *fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (*fd == -1) return POLL_READY(-errno);
    struct poll poll = reactor_register_waker(&self->sub, cx->waker);
    if (!poll.ready && timerfd_settime(*fd, TFD_TIMER_ABSTIME, &at, NULL) == -1)
        return POLL_READY(-errno);
    // The contract of a leaf future: it returns POLL_PENDING only if somebody
    // holds a clone of cx->waker and will wake it. Here that is the reactor.
    return poll;
}

// drop(Timer) | the executor | takes reactor.lock
//
// The sleep is over, or is cancelled. The reactor must forget the descriptor
// before we close it: then the kernel may give its number to another file.
static void timer_drop(struct future *future)
{
    struct timer *self = (struct timer *)future;

    reactor_deregister_waker(&self->sub);
    if (self->sub.fd != -1) close(self->sub.fd);
}

// futures/timer.rs: Timer::sleep | any thread | no lock
//
// The clock starts here, as in Rust, and not at the first poll. The descriptor
// is made at the first poll: there, an error can be returned (Rust trale
// panics), and a sleep that is over by then needs no descriptor.
struct future *timer_sleep(struct duration duration)
{
    static const struct future_vtable vt = { "timer", timer_poll, timer_drop };
    struct timer *self = future_new(sizeof(*self), &vt);
    int64_t now = instant_now(), most = INT64_MAX - now;

    self->expiration = duration.nanos < most ? now + duration.nanos : INT64_MAX;
    self->sub = (struct subscription){ .fd = -1, .kind = WAKEUP_READABLE };
    return &self->future;
}

// ---------------------------------------------------------------------------
// futures/udp.rs: two more leaf futures
//
// A UdpSocket is its descriptor. In Rust it is an Arc, and the futures borrow
// the buffers, so both live long enough. Here the caller sees to that. An async
// block that keeps socket and buffer in its struct does it without effort.
// ---------------------------------------------------------------------------

// futures/udp.rs: UdpSocket::bind | any thread | no lock
//
// It is no future, as in Rust. It takes no names: to look one up would block.
// (Rust trale looks up the name that send_to gets, in each of its polls.)
int udp_socket_bind(const struct socket_addr *addr)
{
    int type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int fd = socket(addr->any.sa_family, type, 0);

    if (fd != -1 && bind(fd, &addr->any, addr->len) == 0) return fd;
    int error = -errno;
    if (fd != -1) close(fd);
    return error;
}

// futures/udp.rs: RecvFrom, and SendTo. They differ in the system call, and in
// what they wait for.
struct datagram {
    struct future future;
    struct subscription sub; // WAKEUP_READABLE: RecvFrom, else SendTo
    void *buf;
    size_t len;
    struct socket_addr addr;    // SendTo: the target. RecvFrom: the sender,
    struct socket_addr *source; // which is copied to here, unless NULL
    unsigned polls;             // how many there were
};

// futures/udp.rs: RecvFrom::poll, SendTo::poll | the executor | takes
// reactor.lock
//
// The data is read in the poll that is ready. So a RecvFrom that is dropped
// while pending has taken no datagram. MSG_TRUNC makes recvfrom return the
// length of the datagram, even if buf is shorter (Rust cuts it, and does not
// tell). MSG_DONTWAIT: a socket that blocks would stop all tasks.
//
// A socket can be shut down, or have an error message that nobody reads
// (IP_RECVERR). Then epoll always reports it, and the system call always says
// EAGAIN: to wait again would be to spin. So from the third poll on we ask
// first whether it is so. (POLLERR and POLLHUP are always asked for.)
static struct poll udp_poll(struct future *future, struct context *cx)
{
    struct datagram *self = (struct datagram *)future;
    bool receives = self->sub.kind == WAKEUP_READABLE;
    int fd = self->sub.fd, flags = MSG_TRUNC | MSG_DONTWAIT;
    struct pollfd end = { .fd = fd, .events = receives ? POLLRDHUP : 0 };
    bool ended = self->polls++ > 1 && poll(&end, 1, 0) == 1;

    if (fd < 0) return POLL_READY(fd); // what bind returned
    ssize_t n = receives ? recvfrom(fd, self->buf, self->len, flags,
                                    &self->addr.any, &self->addr.len)
                         : sendto(fd, self->buf, self->len, MSG_DONTWAIT,
                                  &self->addr.any, self->addr.len);
    if (n == -1 && errno != EAGAIN) return POLL_READY(-errno);
    if (n == -1 && ended) return POLL_READY(-EPIPE);
    if (n == -1) return reactor_register_waker(&self->sub, cx->waker);
    if (self->source != NULL) *self->source = self->addr;
    return POLL_READY((size_t)n > self->len ? -EMSGSIZE : n);
}

// drop(RecvFrom), drop(SendTo) | the executor | takes reactor.lock
static void udp_drop(struct future *future)
{
    reactor_deregister_waker(&((struct datagram *)future)->sub);
}

// futures/udp.rs: UdpSocket::recv_from | any thread | no lock
//
// Futures are lazy: this only notes what the polls will try. An IPv6 address is
// the longer of the two kinds, so there is room for both.
struct future *udp_socket_recv_from(int fd, void *buf, size_t len,
                                    struct socket_addr *source)
{
    static const struct future_vtable vt = { "recv_from", udp_poll, udp_drop };
    struct datagram *self = future_new(sizeof(*self), &vt);

    self->sub = (struct subscription){ .fd = fd, .kind = WAKEUP_READABLE };
    self->buf = buf;
    self->len = len;
    self->addr.len = sizeof(self->addr.v6);
    self->source = source;
    return &self->future;
}

// futures/udp.rs: UdpSocket::send_to | any thread | no lock
//
// The target is copied, as it is moved in Rust. The cast takes a const away,
// but sendto only reads the buffer.
struct future *udp_socket_send_to(int fd, const void *buf, size_t len,
                                  const struct socket_addr *target)
{
    static const struct future_vtable vt = { "send_to", udp_poll, udp_drop };
    struct datagram *self = future_new(sizeof(*self), &vt);

    self->sub = (struct subscription){ .fd = fd, .kind = WAKEUP_WRITABLE };
    self->buf = (void *)buf;
    self->len = len;
    self->addr = *target;
    return &self->future;
}

// ---------------------------------------------------------------------------
// What Rust brings along, and C does not: panics, locks, threads
//
// There are two kinds of failure. What the world does to us (no descriptor is
// left, nobody listens on that port) becomes a negative errno, and the task
// goes on. A mistake in the program, or a failure that leaves nothing sensible
// to do (no memory, no thread), is a panic. rustc would refuse to compile many
// of those mistakes.
// ---------------------------------------------------------------------------

static _Atomic enum { UNUSED, USED, FORKED } process; // FORKED: and USED before

// ours, called by fork | the forked child, which has one thread | any lock
//
// fork copies only the thread that calls it. In the child our locks are in any
// state, and nobody polls tasks or waits for descriptors.
static void note_fork(void)
{
    if (process == USED) process = FORKED;
}

// ours | the thread that starts the program, before main | no lock
__attribute__((constructor)) static void watch_forks(void)
{
    if (pthread_atfork(NULL, NULL, note_fork) != 0) panic("out of memory");
}

// Mutex::lock | any thread | returns with the lock
//
// Every function that needs the threads takes a lock first, so this is where a
// forked child is told.
static void lock(pthread_mutex_t *mutex)
{
    if (process == FORKED)
        panic("used after fork in the child, which has none of its threads: "
              "use it in the parent only, or fork before its first use");
    if (process == UNUSED) process = USED;
    pthread_mutex_lock(mutex);
}

// thread::spawn | any thread | holds the lock of the part that it starts
//
// The thread lives as long as the process, as in Rust trale. It blocks the
// signals that come from outside, so a program's handlers run on its own
// threads. It does not block its own faults: sanitizers report those.
static void thread_spawn(const char *name, void *(*loop)(void *))
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
    pthread_t thread;
    sigset_t mask, old;

    sigfillset(&mask);
    for (int i = 0; i < 4; i++) sigdelset(&mask, faults[i]);
    pthread_sigmask(SIG_SETMASK, &mask, &old); // the new thread inherits it
    int error = pthread_create(&thread, NULL, loop, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error != 0)
        panic("cannot start the %s thread: %s", name, strerror(error));
    pthread_setname_np(thread, name); // for top -H and gdb
}

// panic! | any thread | any lock
//
// One line, then the end. It allocates nothing: memory may be what has run out.
// It holds stderr, so that no other line comes between. It waits for stderr, but
// not for ever: the thread that holds it may be waiting for this task.
void panic(const char *format, ...)
{
    va_list args;

    for (int ms = 0; ftrylockfile(stderr) != 0 && ms < 1000; ms++) usleep(1000);
    __fsetlocking(stderr, FSETLOCKING_BYCALLER); // take no lock from here on
    fputs("trale: ", stderr);
    if (current != NULL) {
        fprintf(stderr, "in task %s#%lu", current->future->vtable->name,
                (unsigned long)current->id);
        EVENT("panic", current, NULL); // adds where the task is
        fputs(": ", stderr);
    }
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}
