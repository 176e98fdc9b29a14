// trale: a tiny async Linux executor, the Rust library rewritten in C.
//
// A program gives it tasks. While one task waits, the others run:
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
// (The macros are in trale.h, under "async and .await".) Two threads do the
// work. The executor thread polls the tasks, one at a time. The reactor thread
// sleeps in epoll until a file descriptor is ready. A task goes round this ring
// until it is done:
//
//     executor_spawn --> run-queue --> executor_loop polls it --> done
//                            ^                   | it has to wait, and
//                            | task_wake         v registers with the reactor
//     epoll: it is ready --> reactor_loop <-- reactor_register_waker
//
// Read this file from top to bottom, beside the Rust that it mirrors: commit
// 2e2bf2f of hexagonal-sun/trale. Here that is called "Rust trale", and "later
// trale" is a later commit. NOTES.md explains more, and trale.h declares Rust's
// Future, Poll, Context and Waker.
//
// No wake-up is lost, no task starves, and a dropped future frees all that it
// had. The file is simple on purpose: one thread for all tasks, Linux only.
#define _GNU_SOURCE 1 // for POLLRDHUP and pthread_setname_np
#define _FILE_OFFSET_BITS 64
#define _TIME_BITS 64 // on 32 bits too, a sleep may be longer than 68 years
#undef TRALE_NO_UDP
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

// EVENT marks what happens at a line, and to which task or to which
// subscription. In this build it does nothing. examples/trace/trace.c
// gives it a meaning and then includes this file: that build prints each event.
#ifndef EVENT
#define EVENT(what, task, sub) ((void)0)
#endif

// Has some thread locked it? POSIX cannot say which thread. Only for assert.
#define held(mutex) (pthread_mutex_trylock(mutex) == EBUSY)

// The comment above each function begins with three facts:
//
//     its name in Rust | the threads that run it | the locks
//
// "The executor" and "the reactor" are those two threads. (A future that was
// never spawned may be polled and dropped by the thread that owns it.) "Takes
// executor.lock": it locks and unlocks it. "Holds executor.lock": its caller
// has locked it. "No lock": its caller has locked none. "Any lock": it does not
// matter. Locks that are taken through a vtable do not count: to wake or drop a
// waker of ours takes executor.lock. No thread here holds both locks.
//
// The next two, and panic, are at the end of this file. They are not of trale:
// Rust's std has them. panic prints one line and aborts.
static inline void lock(pthread_mutex_t *mutex); // Mutex::lock
static void thread_spawn(const char *name, void *(*loop)(void *));

// ---------------------------------------------------------------------------
// std: Future, and what rustc makes of .await
//
// A future can be polled. A poll does what it can do without blocking. Then it
// returns POLL_READY with the output, or POLL_PENDING.
//
// An async block is a future too. A struct holds its locals and the line where
// it stopped, and its poll function jumps to that line. trale.h has the macros
// for this. examples/states.c shows the same without macros.
// ---------------------------------------------------------------------------

// Future::poll | the executor | no lock
//
// All polls come through here. So no future has to check for itself whether it
// is polled again after it returned POLL_READY.
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
// and so on, up to executor_loop. Now the task is suspended. Its state is in
// the structs, so it needs no stack. Later executor_loop polls the task's
// future again, and each future polls its child, down to the leaf: the task
// goes on.
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
// It follows eight rules, and the comments cite them by number. (Rule 7 is
// about the reactor, and says what a subscription is.)
//
// 1. A task is on the run-queue, or on the wait-queue, or it is done and on
//    neither. One lock guards both queues.
// 2. The executor moves a task to the wait-queue before it polls it. So a wake
//    during the poll finds the task there.
// 3. A wake moves a task from the wait-queue to the tail of the run-queue. If
//    the task is not on the wait-queue, the wake changes nothing. So a second
//    wake, a late wake and a wake of a done task do no harm.
// 4. A task that is ready leaves the queue that it is on. Usually that is the
//    wait-queue. It is the run-queue, if a wake came during its last poll.
// 5. The run-queue is first in, first out. So no task starves another.
// 6. We hold no lock while we call through a vtable: to poll or drop a future,
//    to clone, wake or drop a waker. What we call may call us again. A task's
//    future is polled and dropped on the executor thread only.
// 7. A subscription is one future's wait for one descriptor. It owns a waker.
//    An event that comes too late, when the subscription is gone, is ignored.
// 8. If a task waits and nobody holds a waker of it, it can never run again. We
//    count the wakers. So we notice it when the last one goes, or when the poll
//    returns, and panic. (Tasks that wait for each other in a circle hold
//    wakers. We do not notice those.)
//
// These are all the moves that a task makes:
//
//     from          to            by
//     (new)         run-queue     executor_spawn
//     run-queue     wait-queue    executor_loop, step 2, before each poll
//     wait-queue    run-queue     task_wake, on any thread
//     wait-queue    done          task_finish, after a poll that was ready
//     run-queue     done          the same, if a wake came during that poll
// ---------------------------------------------------------------------------

// Which queue it is on (rule 1). A task that is being polled is WAITING (rule
// 2), or RUNNABLE if a wake has come meanwhile.
enum task_state { RUNNABLE, WAITING, DONE };

// A queue is a ring of links: the queue's own link, and one link inside each of
// its tasks. So a task can leave the middle of a queue, and no memory is
// allocated.
struct link {
    struct link *prev, *next;
};

// task.rs: Task, an Arc in Rust. One block of memory holds the task and its
// future. It is freed when the task is done, is not being polled any more, and
// has no wakers and no joiner.
struct task {
    // Guarded by executor.lock, once it is spawned:
    struct link link;          // its place in a queue, unless it is DONE
    struct waker awaiter;      // the waker of the task that awaits this one
    pthread_cond_t *join_cv;   // wakes the thread that joins this one, or NULL
    intptr_t output;           // what its future gave, once it is DONE
    _Atomic unsigned wakers;   // how many; task_clone adds without the lock
    enum task_state state : 8; // one byte: memory for each task counts
    bool has_joiner;           // not yet joined, awaited or detached
    // Constant, once it is spawned:
    uint64_t id; // 1, 2, 3, ...
    // The executor thread's alone, once it is spawned, so without the lock:
    _Alignas(2 * sizeof(void *)) struct future future[]; // itself, no pointer
};

// task.rs: Executor. Rust has a lock for each queue. With one lock for both,
// nobody sees a task on its way between them.
static struct executor {
    pthread_mutex_t lock;       // guards all of this, and the tasks
    pthread_cond_t cv;          // tells the executor thread to look at run_q
    struct link run_q, waiting; // the run-queue and the wait-queue
    struct task *polling;       // the one that executor_loop polls, or NULL
    uint64_t spawned;           // how many tasks so far
} executor = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER,
               .run_q = { &executor.run_q, &executor.run_q },
               .waiting = { &executor.waiting, &executor.waiting } };

// On the executor thread the same as executor.polling, and read without a lock.
// NULL on all other threads (only a panic of rule 8 sets it there). It has two
// uses: a panic names this task, and inside a task a join is refused, because
// it would block the thread that polls all tasks.
static _Thread_local struct task *current;

// These four come below, in "what happens to a task".
static void task_move(struct task *task, enum task_state state);
static void task_finish(struct task *task, intptr_t output);
static inline void task_release(struct task *task, bool waker);
static const struct waker_vtable task_vt;

// task.rs: Executor::executor_loop | the executor | takes executor.lock
static void *executor_loop(void *unused)
{
    lock(&executor.lock);
    for (;;) {
        // 1. Take the oldest task of the run-queue. Sleep while there is none.
        // (Rust trale takes the youngest. If that one always wakes itself, all
        // others starve: rule 5.)
        while (executor.run_q.next == &executor.run_q)
            pthread_cond_wait(&executor.cv, &executor.lock);
        struct task *task = (struct task *)executor.run_q.next; // link is first

        // 2. Move it to the wait-queue, although it was not polled yet. The
        // poll may give the waker to the reactor, and the reactor thread may
        // wake it before the poll returns. That wake must find the task on the
        // wait-queue. Else it changes nothing and is lost.
        task_move(task, WAITING);
        executor.polling = current = task;
        EVENT("poll", task, NULL);
        pthread_mutex_unlock(&executor.lock);

        // 3. Poll it without a lock (rule 6): it may spawn, wake, register and
        // drop. The waker in the context is only lent, and is not counted. A
        // future that wants to keep it clones it.
        struct context cx = { &(struct waker){ &task_vt, task } };
        struct poll poll = future_poll(task->future, &cx);

        // 4. Pending: there is nothing to do. Somebody holds a clone of the
        // waker and will wake the task, or has woken it. Ready: drop the
        // future, so the task's locals are gone. (It is in place: task_release
        // will free it.) Then the task leaves its queue (rule 4), and its
        // output goes to whoever joins or awaits it.
        if (poll.ready) future_drop(task->future);
        lock(&executor.lock);
        if (poll.ready) task_finish(task, poll.value);
        if (!poll.ready) EVENT("pending", task, NULL);

        // 5. The task is not being polled any more. If it waits and has
        // no waker, task_release panics (rule 8). We keep the lock for step 1.
        executor.polling = current = NULL;
        task_release(task, false); // it gives back no waker

        // 6. Go on, if a task can run. Else, before we sleep, let another
        // thread have this processor: it may be about to spawn or wake more. A
        // sleep and a signal for each task would cost more than the task.
        if (executor.run_q.next != &executor.run_q) continue;
        pthread_mutex_unlock(&executor.lock);
        sched_yield();
        lock(&executor.lock);
    }
    return unused; // never
}

// ---------------------------------------------------------------------------
// task.rs: what happens to a task
//
// A wake can come during a poll. Rule 2 is there for this. (The numbers are the
// steps of executor_loop.)
//
//     main       executor thread      reactor thread  run-q  wait-q  wakers
//     spawns #1                                       #1     -       0
//     joins it   2. moves it                          -      #1      0
//     .          3. polls: registers                  -      #1      1
//     .          .                    fd is ready     -      #1      1
//     .          .                    wakes #1        #1     -       0
//     .             returns pending                   #1     -       0
//     .          2. moves it                          -      #1      0
//     .          3. polls: ready                      -      #1      0
//     .          4. finishes it                       -      -       0
//     has output 5. lets go                           -      -       0
//
// Without rule 2 the task would move after the poll. The wake would not find it
// on the wait-queue:
//
//     .          3. polls: registers                  -      -       1
//     .          .                    wakes #1: lost  -      -       0
//     .             returns pending                   -      -       0
//     .          2. moves it, late                    -      #1      0
//
// Now the task waits, and nobody is left who could wake it.
// ---------------------------------------------------------------------------

// Vec::push, Slab::insert, Slab::remove | any thread | holds executor.lock
//
// Takes the task off its queue and puts it at the tail of the queue of its new
// state. DONE has no queue. Each change of a task's state is a call of this.
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
// Gives back a waker, if `waker` says so. It does not if the joiner is gone, or
// if the executor has polled the task. As long as there is another waker, or
// the task is being polled, there is nothing more to do.
//
// If it waits now, it can get no new waker: a waker is cloned from another one,
// and the first is lent by step 3 of executor_loop, only for the poll. So rule
// 8 is never a false alarm. (In Rust such a task sleeps for ever, and nobody is
// told.)
//
// Step 4 has dropped the future on the executor thread. Here we only free the
// memory, on any thread.
static void task_release(struct task *task, bool waker)
{
    if (waker) task->wakers--;
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
// From now on the output can be taken: by the thread that joins the task, or by
// the task that awaits it. If one of them is there already, it is told. The
// awaiter is woken without a lock (rule 6). executor.polling still names our
// task, so it is not freed meanwhile.
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

// Arc::clone | any thread | any lock
//
// The caller has a waker, or the task is being polled. So task_release does not
// act on the count now, and this needs no lock.
static void task_clone(void *data)
{
    ((struct task *)data)->wakers++;
}

// drop(Waker) | any thread | takes executor.lock
static void task_drop(void *data)
{
    lock(&executor.lock);
    task_release(data, true);
    pthread_mutex_unlock(&executor.lock);
}

// task.rs: <Task as Wake>::wake | any thread | takes executor.lock
//
// This is rule 3. A task on the run-queue will be polled anyway, and its future
// then sees why it was woken. A done task needs no poll.
//
// If we did not ask whether the task waits, a late wake would put a done task
// back on the run-queue, and it would be polled after it was ready. A second
// wake would put a task at the tail again, so it would lose its place. (Rust
// trale does not ask. It removes the task from the wait-queue, and panics if it
// is not there.)
static void task_wake(void *data)
{
    struct task *task = data;

    lock(&executor.lock);
    bool waits = task->state == WAITING;
    if (waits) task_move(task, RUNNABLE);
    if (waits && executor.polling == NULL) pthread_cond_signal(&executor.cv);
    EVENT(waits ? "wake" : "wake-noop", task, NULL);
    task_release(task, true); // wake consumes the waker
    pthread_mutex_unlock(&executor.lock);
}

// task.rs: impl Wake for Task
//
// A waker is these three functions and a pointer. Its owner knows nothing else
// of the task and the executor. So the reactor can wake tasks without knowing
// that there are any.
static const struct waker_vtable task_vt = { task_clone, task_wake, task_drop };

// ---------------------------------------------------------------------------
// task.rs: spawn and join
//
// In Rust a joiner is the receiving end of a channel. Here the task itself is
// the channel: the joiner keeps it until the output was taken.
// ---------------------------------------------------------------------------

// Box::pin | any thread | no lock
//
// There is room for a task in front of the future. So a spawn allocates nothing
// and moves nothing. Production runtimes keep the two together too. Memory that
// is zero is an async block at its start: no line, no child, no waker.
void *future_new(size_t size, const struct future_vtable *vtable)
{
    struct task *task = calloc(1, sizeof(*task) + size);

    if (task == NULL) panic("out of memory");
    task->future->vtable = vtable;
    return task->future;
}

// drop(Pin<Box<dyn Future>>) | the executor; any thread for a joiner | no lock
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
// The task loses its joiner. If some task has awaited this joiner, that task's
// waker is still here. It is dropped without the lock (rule 6).
static void joiner_release(struct task_joiner *joiner)
{
    struct waker awaiter = waker_take(&joiner->task->awaiter);

    joiner->task->has_joiner = false;
    task_release(joiner->task, false);
    joiner->task = NULL;
    joiner->future.done = true; // from now on future_poll refuses it
    pthread_mutex_unlock(&executor.lock);
    waker_drop(&awaiter);
}

// drop(TaskJoiner) | any thread | takes executor.lock
//
// This is what task_joiner_drop calls. A task whose output was not taken is
// detached now: it runs on, and its output is lost.
static void join_drop(struct future *future)
{
    struct task_joiner *joiner = (struct task_joiner *)future;

    if (joiner->task == NULL) return;
    lock(&executor.lock);
    joiner_release(joiner);
}

// task.rs: TaskJoiner::join | any thread but the executor | takes executor.lock
//
// The condition variable is on our stack. task_finish signals it under the
// lock, and we need the lock to return. So it is not used after we have
// returned. For the same reason this thread must not be cancelled while it
// waits here.
intptr_t task_joiner_join(struct task_joiner *joiner)
{
    pthread_cond_t done = PTHREAD_COND_INITIALIZER;
    int cancellable;

    if (current != NULL)
        panic("join and block_on would block the thread that polls all tasks: "
              "AWAIT the joiner instead");
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellable);
    lock(&executor.lock);
    struct task *task = joiner->task;
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
// This future waits for a task, not for the kernel. It stores the waker and
// looks at the state under one lock, so the task cannot finish in between.
// If the task is done already, the waker is dropped with the joiner.
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
static const struct future_vtable join_vt = { "joiner", join_poll, join_drop };

// task.rs: Executor::get, Executor::spawn | any thread | takes executor.lock
//
// The first task starts the executor thread. Once we unlock, the task may run,
// and even be done before we return. The joiner keeps it in memory.
//
// The executor thread can be asleep only if it polls nothing. Only then we
// signal it. task_wake does the same.
struct task_joiner executor_spawn(struct future *future)
{
    if (future == NULL || future->vtable == NULL || future->in_place)
        panic("there is no future to spawn, or it was spawned before");
    struct task *task = (struct task *)future - 1;
    task->link = (struct link){ &task->link, &task->link };
    task->has_joiner = future->in_place = true;
    lock(&executor.lock);
    if (executor.spawned == 0) thread_spawn("executor", executor_loop);
    task->id = ++executor.spawned;
    task_move(task, RUNNABLE);
    if (executor.polling == NULL) pthread_cond_signal(&executor.cv);
    EVENT("spawn", task, NULL);
    pthread_mutex_unlock(&executor.lock);
    return (struct task_joiner){ { &join_vt, .in_place = true }, task };
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
// It sleeps in epoll_wait, and wakes the futures whose descriptors are ready.
// It knows no tasks, only wakers. So another executor can use it too.
//
// A wake is only a hint. The woken future tries its system call again, and
// registers again if it must. So a wake too many costs one poll. No wake is
// missed: a descriptor may become ready after the failed try and before the
// registration. epoll reports it all the same, because we use it
// level-triggered: it reports what is ready, not what has changed.
//
// epoll takes a descriptor only once, but several futures may wait for it. So
// we keep lists of them, and tell epoll what the futures of one descriptor want
// together. It is in the epoll set as long as somebody waits for it. A
// registration serves once: a future that is woken waits no longer. (In Rust
// trale only one task can wait for a descriptor. A second registration panics,
// with the lock held.)
// ---------------------------------------------------------------------------

// The lists are a hash table: the futures of descriptor fd are on list
// fd % LISTS, in order of registration. So any descriptor will do. A
// production runtime keeps such a list beside each descriptor.
enum { LISTS = 1 << 14 };

// reactor/mod.rs: Reactor, and reactor/poll.rs: Poll. A subscription that is on
// no list belongs to its future, and only that touches it.
static struct reactor {
    pthread_mutex_t lock; // guards all of this, and what is on the lists
    int epoll;            // -1 until the first registration, then constant
    uint32_t generation;  // of the last change, see list_change
    struct subscription *waiting[LISTS]; // reactor/poll.rs: Slab<Subscription>
} reactor = { PTHREAD_MUTEX_INITIALIZER, .epoll = -1 };

// reactor/poll.rs: Poll::insert, slab.remove | any thread | holds reactor.lock
//
// Puts the subscription at the end of its list, or takes it off. Then tells
// epoll what those who wait for this descriptor want now. Returns 0, or -errno
// if epoll refuses a new descriptor; then the list is as it was.
//
// Each change has a number, the generation. The events to come carry it, beside
// the descriptor, and each subscription notes it in event_data. If the reactor
// thread has fetched an event before the change, the event has an older number,
// and fits no subscription (rule 7). Nothing is lost: epoll looks at the
// descriptor again when we change it.
//
// If somebody closes a descriptor while a future waits for it, epoll may say
// nothing. We notice it at the next change for this number: another future
// registers, or one is woken or dropped. Then we panic, because the number may
// belong to another file. Without such a change the future waits for ever.
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
    *place = NULL; // undo the insert
    return -errno;
}

// reactor/mod.rs: Reactor::reactor_loop, reactor/poll.rs: Poll::wait | the
// reactor | takes reactor.lock
static void *reactor_loop(void *unused)
{
    for (;;) {
        struct epoll_event event;

        // 1. Wait for an event: one, as in Rust trale. Production runtimes
        // fetch many at once. EINTR comes after SIGSTOP and SIGCONT, although
        // this thread blocks signals.
        while (epoll_wait(reactor.epoll, &event, 1, -1) == -1)
            if (errno != EINTR) panic("epoll_wait: %s", strerror(errno));

        // 2. Find who it is for: the first that registered. If the descriptor
        // is ready for others too, the next epoll_wait says so. If it failed or
        // was hung up, each of them is woken, one for each epoll_wait, and its
        // system call tells it why. If we find nobody, the event has come too
        // late (rule 7).
        lock(&reactor.lock);
        struct subscription *sub = reactor.waiting[(int)event.data.u64 % LISTS];
        while (sub && (sub->event_data != event.data.u64 ||
                       !(event.events & (sub->kind | EPOLLERR | EPOLLHUP))))
            sub = sub->next;
        if (sub != NULL) list_change(sub, false);
        if (sub != NULL) EVENT("event", NULL, sub);
        struct waker due = sub ? waker_take(&sub->waker) : (struct waker){ 0 };
        pthread_mutex_unlock(&reactor.lock);

        // 3. Wake it without a lock (rule 6): task_wake takes executor.lock,
        // and the waker of another executor may even register with us.
        waker_wake(&due);
    }
    return unused; // never
}

// reactor/mod.rs: Reactor::register_waker | any thread | takes reactor.lock
//
// The first registration starts the reactor thread.
//
// A future that still waits may be polled again, and then it registers again.
// Its old registration is undone. So the latest waker wins, and the
// subscription goes to the tail of its list. (Rust trale adds the descriptor to
// epoll a second time, and panics.)
//
// Once we unlock, the reactor thread may wake the waker, even before our caller
// has returned POLL_PENDING. Rule 2 is there for this.
struct poll reactor_register_waker(struct subscription *sub,
                                   const struct waker *waker)
{
    if (waker == &sub->waker) return POLL_PENDING; // its own: nothing changes
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
// Without a waker, it is on no list: it has never registered, or the reactor
// thread has taken the waker already. A wake that is still to come is harmless
// (rule 3).
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
// A leaf future is the last one in a chain of awaits. It awaits no other
// future, it asks the kernel. All leaf futures are made alike:
//
//     try a system call that does not block (or look at the clock);
//     if it would block, register the waker and return POLL_PENDING;
//     when polled again, for whatever reason, try again.
//
// A timerfd is a descriptor that becomes ready at a point in time. So the
// reactor needs no notion of time. A sleep costs six system calls. The executor
// thread: timerfd_create, epoll_ctl to add, timerfd_settime, and at the end
// close. The reactor thread: epoll_wait, and epoll_ctl to delete. (Where
// threads go to sleep, futex and sched_yield come on top. To read the clock
// needs none.) Production runtimes sort their timers themselves, and use the
// timeout of epoll_wait.
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
// The time is absolute. So it does not matter how late or how often we are
// polled, and a time that has just passed fires at once. (Rust trale's time is
// relative. It can become zero, which disarms the timer: the sleep never ends.)
//
// We register, and then arm the timer. In the other order it could fire while
// we register, and the reactor thread would wake up, and at once wait for the
// lock.
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
    // The contract of every leaf future: it returns POLL_PENDING only if
    // somebody has a clone of cx->waker and will wake it, or has woken it. Here
    // that is the reactor.
    return poll;
}

// drop(Timer) | the executor | takes reactor.lock
//
// The sleep is over, or cancelled. The reactor must forget the descriptor
// before we close it. After that the kernel may give its number to another
// file.
static void timer_drop(struct future *future)
{
    struct timer *self = (struct timer *)future;

    reactor_deregister_waker(&self->sub);
    if (self->sub.fd != -1) close(self->sub.fd);
}

// futures/timer.rs: Timer::sleep | any thread | no lock
//
// The clock starts here, as in Rust, and not at the first poll. The descriptor
// is made by the first poll, because a poll can return an error. (Rust trale
// panics.) A sleep that is over by then needs no descriptor.
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
// the buffers, so both live long enough. Here the caller sees to that. The
// simple way: an async block keeps socket and buffer in its struct.
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
// The data is read by the poll that is ready. So a RecvFrom that is dropped
// while pending has taken no datagram. MSG_TRUNC: recvfrom returns the length
// of the datagram, even if buf is shorter. (Rust cuts it, and does not tell.)
// MSG_DONTWAIT: a call that blocks would stop all tasks.
//
// A socket can be shut down, or have an error message that nobody reads
// (IP_RECVERR). Then epoll always says that it is ready, but the system call
// says EAGAIN: the task would be woken again and again. So from the third poll
// on, we first ask poll(2) whether this is so. If it is, EAGAIN means -EPIPE.
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
// Futures are lazy: here we only note what the polls will try. addr has room
// for the longer of the two kinds of address.
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
// What Rust has and C does not: panics, locks, threads
//
// There are two kinds of failure. Some come from the world: no descriptor is
// left, nobody listens on that port. They become a negative errno, and the task
// goes on. Others are mistakes in the program, or leave nothing sensible to do:
// no memory, no thread. They are panics. rustc refuses many of those mistakes.
// ---------------------------------------------------------------------------

// USED: it has locked something. FORKED: it is the child of a process that had.
static _Atomic enum { UNUSED, USED, FORKED } process;

// ours, called by fork | the forked child, which has one thread | any lock
//
// fork copies only the thread that calls it. In the child a lock may be locked
// by a thread that is not there, and nobody polls or waits.
static void note_fork(void)
{
    if (process == USED) process = FORKED;
}

// ours | the thread that starts the program | no lock
//
// Runs before main: called by the first spawn, it could miss a fork.
__attribute__((constructor)) static void watch_forks(void)
{
    if (pthread_atfork(NULL, NULL, note_fork) != 0) panic("out of memory");
}

// Mutex::lock | any thread | returns with the lock
//
// Every function that needs our threads takes a lock first. So this is the
// place to refuse in a forked child.
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
// signals that come from outside, so a program's handlers run on the program's
// own threads. It does not block its own faults: a sanitizer reports those.
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
    if (error) panic("cannot start the %s thread: %s", name, strerror(error));
    pthread_setname_np(thread, name); // for top -H and gdb
}

// panic! | any thread | any lock
//
// It allocates nothing: memory may be what has run out. It locks stderr, so
// that no other line comes between. But it does not wait for stderr for ever:
// the thread that has locked it may be waiting for this task.
void panic(const char *format, ...)
{
    va_list args;

    // A thread that is cancelled in here would not abort.
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    for (int i = 0; ftrylockfile(stderr) && i < 1000; i++) poll(NULL, 0, 1);
    __fsetlocking(stderr, FSETLOCKING_BYCALLER); // take no lock from here on
    fputs("trale: ", stderr);
    if (current != NULL && current->future->vtable != NULL) {
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
