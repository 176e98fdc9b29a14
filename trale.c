// trale: a tiny async Linux executor.
//
// Goals. One file, read from top to bottom in one sitting, beside the Rust it
// mirrors: hexagonal-sun/trale at commit 2e2bf2f, "Rust trale" from here on.
// Every definition names its counterpart there; "later trale" is a later
// commit. Correct where it counts: no wake-up is lost, no task starves, what
// is dropped leaves nothing behind. NOTES.md is the companion.
//
// Not goals. Many cores, portability, speed beyond the obvious. One thread
// polls all tasks, one thread waits for all descriptors, every sleep costs a
// descriptor. A production runtime has a pool of threads that steal tasks from
// each other, and keeps its timers in a wheel or a heap.
//
// How to read. Read executor_loop first, at the end of "task.rs": it is the
// executor. Then reactor_loop. What joins the two is a waker, and trale.h
// shows that a waker is no more than a vtable and a pointer. Future, poll,
// context and waker are words of Rust's std; trale.h declares them.
//
// The life of a task, in one breath: executor_spawn puts it on the run-queue;
// executor_loop moves it to the wait-queue and polls it; its innermost future
// finds that it would block, gives a clone of the waker to the reactor and
// returns POLL_PENDING, and so does everyone up to the loop; later epoll
// reports the descriptor, reactor_loop wakes the waker, and the task is back
// on the run-queue. Then the loop polls it once more, from the top.
//
// To see it happen, set TRALE_TRACE=1 and run any example. The calls of narrate
// in the code are the captions that it prints.
//
// Three kinds of thread meet here: the executor thread, the reactor thread,
// and any other (main is one). The line above each function says
//
//     what it is in Rust | which threads run it | what it locks
//
// "Takes executor.lock" means that it locks and unlocks it, itself or through
// another function of this file; "holds", that its caller has locked it; "no
// lock", that it takes none and is called with none held; "any lock", that it
// does not care. What a vtable leads to is not counted: that may be foreign
// code, a future or a waker of somebody else's, so nothing is called through a
// vtable while a lock is held. Only executor_dump holds both locks, and
// while tracing whoever narrates an event of the reactor: they take
// executor.lock inside reactor.lock. Nobody takes them the other way round, so
// there is no order to get wrong. "The executor" as a thread means: the
// executor thread, for all that a spawned task does. A future that was never
// spawned may be polled and dropped by the thread that owns it.
#define _GNU_SOURCE // for pthread_setname_np, RUSAGE_THREAD and more
#include "trale.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

// ---------------------------------------------------------------------------
// What Rust brings along and C does not: panics, locks, threads
//
// There are two kinds of failure. What the world does to us (no descriptor is
// left, nobody listens on that port) becomes a negative errno, and the task
// goes on. What is a mistake in the program, or leaves nothing sensible to do
// (no memory, no thread), is a panic. Many of those mistakes rustc would have
// refused to compile.
// ---------------------------------------------------------------------------

// The task being polled on this thread, or dropped after its last poll; so NULL
// everywhere but on the executor thread (and where rule 8 is about to panic).
// And what the narration calls this thread. Each thread has its own.
static _Thread_local const struct task *current;
static _Thread_local const char *thread_name = "other";

// The narration, which is the last section: under TRALE_TRACE=1 each event
// prints a line. Read the lines with `if (tracing)` as captions of what happens
// there: the event's name, and the task or the subscription that it happens to.
//
// Set before main and never again, so any thread may read it. The processor
// soon predicts how each of these ifs goes; `make bench` shows their price.
static bool tracing;
static void narrate(const char *event, const struct task *task,
                    const struct subscription *sub);
static void narrate_step(void);
static void print_task(FILE *out, const struct task *task);

// panic!: prints one line that says what happened, in which task and what to
// do instead, and aborts. Defined below, where it can see into a task.
static _Noreturn void panic(const char *format, ...);

// fork copies only the thread that calls it. The child would find our locks in
// any state, and nobody there polls tasks or waits for descriptors.
static bool forked;

// ours, run by fork | the forked child, its only thread | no lock
static void note_fork(void)
{
    forked = true;
}

// Mutex::lock | any thread | returns with the lock
//
// All that takes a lock takes it here, so this is where a forked child learns
// that it must not.
static void lock(pthread_mutex_t *mutex)
{
    if (forked)
        panic("used after fork in the child, which has none of its threads: "
              "use it in the parent only, or fork before its first use");
    pthread_mutex_lock(mutex);
}

// thread::spawn | any thread | holds the lock of the part that it starts
//
// The two threads live as long as the process, as in Rust trale: there is no
// shutdown but exit. They block the signals that come from outside, so a
// program's handlers run on threads of its own. Their own faults they do not
// block: a sanitizer reports a crash from its handler for these.
static void thread_spawn(const char *name, void *(*loop)(void *))
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, 0 };
    pthread_t thread;
    sigset_t all, old;

    sigfillset(&all);
    for (const int *fault = faults; *fault; fault++) sigdelset(&all, *fault);
    // The kernel doubles a full table of descriptors, and once threads share it
    // that takes 8 to 20 ms each time. A high number, taken for a moment, makes
    // it large in time. If there is none so high, all that is lost is speed.
    close(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, getdtablesize() / 2));
    pthread_sigmask(SIG_SETMASK, &all, &old); // a new thread inherits the mask
    int error = pthread_atfork(NULL, NULL, note_fork);
    if (error == 0) error = pthread_create(&thread, NULL, loop, (void *)name);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error != 0)
        panic("cannot start the %s thread: %s", name, strerror(error));
    pthread_setname_np(thread, name); // as top -H and gdb show it
    pthread_detach(thread);
}

// ---------------------------------------------------------------------------
// std: Future, and what rustc makes of .await
//
// A future is something that can be polled: it does what it can do without
// blocking, and says whether it is ready. An async block is a future whose
// poll function is a state machine: a struct holds its locals, and each poll
// jumps to where the last one left off. examples/states.c writes one out by
// hand; ASYNC_BEGIN, AWAIT and ASYNC_END in trale.h abbreviate that.
//
// Nothing in this section knows that there is an executor. The rest of std's
// part (dropping a future, cloning and waking a waker) is short enough to
// stand in trale.h.
// ---------------------------------------------------------------------------

// Box::pin | any thread | no lock
//
// Zeroed memory is a state machine at its start, with no child and no waker:
// a constructor sets only what differs from that.
void *future_new(size_t size, const struct future_vtable *vtable)
{
    struct future *future = calloc(1, size);

    if (future == NULL) panic("out of memory");
    future->vtable = vtable;
    return future;
}

// Future::poll | the executor | no lock
//
// Everybody polls through here, so no future needs a guard of its own against
// a poll after it was ready. Rust leaves that to each future, and allows it to
// panic.
struct poll future_poll(struct future *future, struct context *cx)
{
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
// and so on up to executor_loop: that is how a task is suspended. All of its
// state stays behind, in the structs. To resume, executor_loop polls from the
// top again, and each future on the way polls its child.
//
// A child that is ready is dropped before the parent's next statement, as in
// Rust: when a sleep is over, its descriptor is closed while the task runs on.
struct poll await(struct future **child, struct context *cx)
{
    if (child == NULL) // says ASYNC_BEGIN where no case matches the line
        panic("an AWAIT inside a switch cannot be resumed: use if and else");
    if (*child == NULL)
        panic("there is nothing to await: a constructor returned NULL");
    struct poll poll = future_poll(*child, cx);
    if (poll.ready) {
        future_drop(*child);
        *child = NULL;
    }
    return poll;
}

// ---------------------------------------------------------------------------
// task.rs: the executor
//
// The protocol, in eight rules. The code cites them where they act.
//
// 1. A task is on the run-queue, on the wait-queue, or on none (done). One
//    mutex guards both queues. That membership is the task's state.
// 2. The executor moves a task to the wait-queue before it polls it, so that a
//    wake during the poll finds it there.
// 3. Wake: a task on the wait-queue goes to the tail of the run-queue; any
//    other task stays where it is. So a second wake, a late wake and a wake of
//    a finished task are harmless, and a wake never allocates.
// 4. A task that is ready leaves whichever queue it is on, even if it was
//    woken during its last poll.
// 5. The run-queue is first in, first out: no task starves another.
// 6. No lock is held while calling through a vtable: while a future is polled
//    or dropped, or a waker is woken or dropped. That may call anything, us
//    too. A task's future is polled and dropped on the executor thread only.
// 7. A subscription, which is a future's wait for a descriptor, owns its
//    waker. The reactor ignores an event that was meant for a subscription
//    dropped or replaced meanwhile.
// 8. A waiting task whose waker nobody holds can never run again. We count
//    wakers, so we know at once, and say so. (Tasks that wait for each other
//    in a circle do hold wakers. Those we do not find.)
//
// A task's life, then, is this table, and no other transition exists:
//
//     from          to            by
//     (new)         run-queue     executor_spawn
//     run-queue     wait-queue    executor_loop, step 2, just before a poll
//     wait-queue    run-queue     task_waker_wake, on any thread
//     wait-queue    none: done    executor_loop, step 4, if the poll was ready
//     run-queue     none: done    the same, if it was woken during that poll
// ---------------------------------------------------------------------------

// A place in a queue. A queue is a ring of places, closed by one that is no
// task; a place that is in no queue is a ring of its own. That way a task
// leaves the middle of a queue in two assignments, and the queues need no
// memory but the tasks'.
struct link {
    struct link *prev, *next;
};

// task.rs: Task, an Arc in Rust
struct task {
    // Guarded by executor.lock:
    struct link link;        // first, so that &task->link is also the task
    struct link *queue;      // its state: &run_q, &waiting, or &link if none
    struct poll output;      // ready once the task is done
    struct waker joiner;     // of the task that awaits this one, or empty
    pthread_cond_t *joining; // of the thread that joins this one, or NULL
    bool joinable;           // its joiner's reference still counts
    // Only the executor thread changes it, and drops it when it is ready.
    // Others may look at it under the lock, unless it is being polled:
    struct future *future;
    // Never changes once the task is queued:
    const char *name;
    unsigned long id;
    // One for the executor until step 5 of the last poll, one for the joiner,
    // one for each waker, but none for the one that is lent to a poll. Any
    // thread may add one, hence atomic, but takes one away under the lock. So
    // under the lock it never sinks behind our back, and once it is zero it
    // stays zero: nobody is left who could add one.
    _Atomic size_t refs;
};

// task.rs: Executor. The lock guards everything here. Rust has a lock for each
// queue; with one for both, a task is never seen on its way between them.
static struct executor {
    pthread_mutex_t lock;
    pthread_cond_t cv; // signalled when run_q has gained a task
    // run_q: new or woken, to be polled, the oldest first.
    // waiting: being polled, or pending until someone wakes it.
    struct link run_q, waiting;
    // The task in steps 2 to 5 of executor_loop, or NULL. Two ask for it: rule
    // 8, which does not judge a task while a waker is lent to it, and whoever
    // prints tasks, since no other thread may look at its future.
    const struct task *polling;
    unsigned long spawned; // tasks so far
} executor = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER,
               .run_q = { &executor.run_q, &executor.run_q },
               .waiting = { &executor.waiting, &executor.waiting } };

// Vec::push, Slab::insert and their undoing | any thread | holds executor.lock
//
// Takes the task out of its queue, if any, and puts it at the tail of another;
// its own link as the queue means none. Every change of a task's state is a
// call of this function (rule 1). The assertion sees that somebody holds the
// lock; POSIX has no way to ask whether it is us.
static void task_move(struct task *task, struct link *queue)
{
    struct link *link = &task->link;

    assert(pthread_mutex_trylock(&executor.lock) == EBUSY);
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->prev = link->next = link; // and if queue is link, it stays that way
    link->prev = queue->prev;
    link->next = queue;
    link->prev->next = link;
    queue->prev = link;
    task->queue = queue;
    if (queue == &executor.run_q) pthread_cond_signal(&executor.cv);
}

// Arc::clone | any thread | any lock
//
// Whoever clones a waker has one (or is the executor, which has a reference of
// its own), so the count cannot reach zero meanwhile. That is why this needs no
// lock, in Arc as well as here.
static void task_waker_clone(void *data)
{
    ((struct task *)data)->refs++;
}

// ours: rule 8 | any thread | holds executor.lock
//
// A waiting task that only the executor and its joiner refer to has no waker
// left, and none can appear: wakers are cloned from one another, and the first
// one is lent by executor_loop, for a poll. While it is lent we do not judge;
// at the end of the poll the executor comes here. So this is never a false
// alarm. In Rust such a task just sleeps, for ever and in silence.
static void task_check_wakers(const struct task *task)
{
    if (task->queue != &executor.waiting || task == executor.polling ||
        task->refs != 1u + task->joinable)
        return;
    current = task; // the panic is about this one
    panic("nobody holds a waker of it any more, so it can never run again: "
          "keep a clone of cx->waker and wake it");
}

// drop(Arc<Task>) | any thread | holds executor.lock
//
// The future was dropped long before the count can reach zero. Only the memory
// is freed here, on whatever thread comes last.
static void task_release(struct task *task)
{
    size_t refs = --task->refs;

    task_check_wakers(task);
    if (tracing && refs == 0) narrate("drop", task, NULL);
    if (refs == 0) free(task);
}

// drop(Waker) | any thread | takes executor.lock
static void task_waker_drop(void *data)
{
    lock(&executor.lock);
    task_release(data);
    pthread_mutex_unlock(&executor.lock);
}

// task.rs: <Task as Wake>::wake | any thread | takes executor.lock
//
// All of rule 3. A task that is being polled at this moment is on the
// wait-queue already (rule 2), so it will be polled once more. A task on the
// run-queue will be polled anyway, and see then what it was woken for. A task
// that is done is on no queue. Rust trale takes the task off the wait-queue
// without asking whether it is there, and panics in the last two cases.
static void task_waker_wake(void *data)
{
    struct task *task = data;

    lock(&executor.lock);
    bool waits = task->queue == &executor.waiting;
    if (waits) task_move(task, &executor.run_q);
    if (tracing) narrate(waits ? "wake" : "wake-noop", task, NULL);
    task_release(task); // wake consumes the waker
    pthread_mutex_unlock(&executor.lock);
}

// impl Wake for Task
//
// The only way from the reactor, or from anyone, into the executor. Whoever
// holds a waker can call these three, and knows nothing else of a task.
static const struct waker_vtable task_waker_vtable = { task_waker_clone,
                                                       task_waker_wake,
                                                       task_waker_drop };

// task.rs: TaskJoiner::join | any thread but the executor | takes executor.lock
//
// In Rust the joiner is the receiving end of a channel. Here the task itself
// is the channel, and the condition variable lives on our stack: whoever
// signals it holds the lock, and we do not return before we have had the lock
// again, so it is not touched after it is gone.
intptr_t task_joiner_join(struct task_joiner *joiner)
{
    pthread_cond_t finished = PTHREAD_COND_INITIALIZER;
    struct task *task = joiner->task;

    if (current != NULL)
        panic("join and block_on would block the thread that polls all tasks: "
              "AWAIT the joiner instead");
    if (task == NULL) panic("joined twice: a task gives its output only once");
    lock(&executor.lock);
    task->joining = &finished;
    if (tracing) narrate("join", task, NULL);
    while (!task->output.ready) pthread_cond_wait(&finished, &executor.lock);
    intptr_t value = task->output.value;
    pthread_mutex_unlock(&executor.lock);
    task_joiner_drop(joiner);
    return value;
}

// drop(TaskJoiner) | any thread | takes executor.lock
//
// Detaches: the task runs on, and nobody will ask for its output. After a join
// or an await it only gives the task back, which by then is done.
//
// The waker belongs to a task that awaited this one, if any did.
void task_joiner_drop(struct task_joiner *joiner)
{
    struct task *task = joiner->task;

    if (task == NULL) return;
    joiner->task = NULL;
    joiner->future.done = true; // from now on future_poll refuses it
    lock(&executor.lock);
    struct waker waker = waker_take(&task->joiner);
    task->joinable = false;
    task_release(task);
    pthread_mutex_unlock(&executor.lock);
    waker_drop(&waker); // through a vtable, so not under the lock (rule 6)
}

// later trale: TaskJoiner::poll | the executor | takes executor.lock
//
// A leaf future too, but one that waits for another task and not for the
// kernel: step 4 of executor_loop does for it what the reactor does for others.
//
// Store the waker, then look: in one critical section, so the task cannot end
// between the two. If it has ended already, the waker that we leave behind is
// dropped with the joiner.
static struct poll joiner_poll(struct future *future, struct context *cx)
{
    struct task *task = ((struct task_joiner *)future)->task;
    struct waker latest = waker_clone(cx->waker);

    lock(&executor.lock);
    struct waker replaced = task->joiner; // the latest waker wins
    task->joiner = latest;
    struct poll output = task->output;
    if (tracing && !output.ready) narrate("join", task, NULL);
    pthread_mutex_unlock(&executor.lock);
    waker_drop(&replaced);
    return output;
}

// later trale: drop(TaskJoiner) | the executor | takes executor.lock
//
// For the vtable: await calls it once the joiner is ready, async_drop if the
// awaiting block is dropped before.
static void joiner_drop(struct future *future)
{
    task_joiner_drop((struct task_joiner *)future);
}

// later trale: impl Future for TaskJoiner
static const struct future_vtable joiner_vtable = { "joiner", joiner_poll,
                                                    joiner_drop };

static void *executor_loop(void *name);

// task.rs: Executor::get, Executor::spawn | any thread | takes executor.lock
//
// The executor thread starts with the first task, and takes its first look at
// the run-queue once we unlock. From then on the task may run, and even be
// done before we return: the joiner's reference keeps its memory.
struct task_joiner executor_spawn(struct future *future)
{
    struct task *task = calloc(1, sizeof(*task));

    if (task == NULL) panic("out of memory");
    if (future == NULL) panic("there is no future to spawn");
    task->link = (struct link){ &task->link, &task->link };
    task->future = future;
    task->name = future->vtable->name;
    task->refs = 2; // the executor and the joiner
    task->joinable = true;
    lock(&executor.lock);
    if (executor.spawned == 0) thread_spawn("executor", executor_loop);
    task->id = ++executor.spawned;
    task_move(task, &executor.run_q);
    if (tracing) narrate("spawn", task, NULL);
    pthread_mutex_unlock(&executor.lock);
    return (struct task_joiner){ { &joiner_vtable, .in_place = true }, task };
}

// task.rs: Executor::block_on | any thread but the executor | takes
// executor.lock
//
// The future still runs on the executor thread, and this one just waits. Many
// runtimes poll it on the calling thread instead.
intptr_t executor_block_on(struct future *future)
{
    struct task_joiner joiner = executor_spawn(future);

    return task_joiner_join(&joiner);
}

// task.rs: Executor::executor_loop | the executor | takes executor.lock
static void *executor_loop(void *name)
{
    thread_name = name;
    lock(&executor.lock);
    for (;;) {
        // 1. Take the oldest task that can run; sleep while there is none.
        // (Rust trale takes the youngest: one that wakes itself starves all.)
        while (executor.run_q.next == &executor.run_q)
            pthread_cond_wait(&executor.cv, &executor.lock);
        struct task *task = (struct task *)executor.run_q.next;

        // 2. Move it to the wait-queue, although it has not been polled yet
        // (rule 2). In a moment it may register with the reactor, whose thread
        // may wake it before the poll has returned. That wake must find the
        // task waiting, or it changes nothing and the task sleeps for ever.
        task_move(task, &executor.waiting);
        if (tracing) narrate("poll", task, NULL);
        executor.polling = task;
        pthread_mutex_unlock(&executor.lock);

        // 3. Poll it, with no lock held (rule 6): it may spawn, wake, register
        // and drop what it likes. A poll that blocks would hold up all tasks.
        struct context cx = { &(struct waker){ &task_waker_vtable, task } };
        current = task;
        if (tracing) narrate_step();
        struct poll poll = future_poll(task->future, &cx);

        // 4. Pending: nothing to do, for whoever holds a clone of the waker
        // will wake the task, or already has. Ready: drop the future, then let
        // the output be known, so that whoever has joined the task may rely on
        // its locals being gone. A wake may have moved the task meanwhile; it
        // leaves whichever queue it is on (rule 4). Until all of that is over
        // `current` stays, so that a join from in here is refused too.
        if (poll.ready) {
            future_drop(task->future);
            task->future = NULL;
            lock(&executor.lock);
            task_move(task, &task->link);
            task->output = poll;
            struct waker joiner = waker_take(&task->joiner);
            if (task->joining != NULL) pthread_cond_signal(task->joining);
            if (tracing) narrate("ready", task, NULL);
            pthread_mutex_unlock(&executor.lock);
            waker_wake(&joiner);
        }

        // 5. The lent waker is back, and from now on a dump may look into the
        // task. Give up a task that is done. A pending one that still waits
        // must have left a clone with somebody: if not, rule 8 speaks here. The
        // lock is kept for step 1: to give it back and take it again would cost
        // more than the two steps do.
        lock(&executor.lock);
        if (tracing && !poll.ready) narrate("pending", task, NULL);
        executor.polling = current = NULL;
        if (!poll.ready) task_check_wakers(task);
        if (poll.ready) task_release(task);
    }
    return NULL; // never
}

// ---------------------------------------------------------------------------
// reactor/mod.rs: the reactor
//
// It sleeps in epoll_wait and wakes whoever waits for the descriptor that is
// ready. It does not know of tasks: a waker is all it has, and whoever brings
// one can wait here, another executor too.
//
// Readiness is only a hint. The woken future tries its system call again, and
// registers again if need be; so a wake too many costs one poll. A wake too
// few cannot happen: what becomes ready between the failed try and the
// registration is not missed, because epoll reports what is ready, not what
// changes (unless asked to, by EPOLLET).
// ---------------------------------------------------------------------------

// The kernel's limit for one process, unless fs.nr_open was changed. The table
// takes memory only where it is touched. A production runtime keeps this
// beside the socket, where a pointer finds it.
enum { FDS_MAX = 1 << 20 };

// reactor/mod.rs: Reactor, with reactor/poll.rs: Poll. The lock guards all of
// it, the sources, and every struct subscription that is on a list. A
// subscription that is on none belongs to its future. And epoll, once set, is
// read without the lock.
static struct reactor {
    pthread_mutex_t lock;
    int epoll; // -1 until the first registration
    int fds;   // more than any descriptor so far; a dump looks no further
} reactor = { PTHREAD_MUTEX_INITIALIZER, -1, 0 };

// reactor/poll.rs: Slab<Subscription>, here a list for each descriptor
static struct source {
    struct subscription *waiting; // in order of registration
    uint32_t generation;          // grows with every change of the list
} sources[FDS_MAX];               // indexed by descriptor

static int reactor_change(struct subscription *sub, bool waits);
static struct waker reactor_take(struct epoll_event event);

// reactor/mod.rs: Reactor::reactor_loop | the reactor | takes reactor.lock
//
// Each waker is woken after the lock has been given back (rule 6): waking one
// of ours takes executor.lock, and waking a foreign one may do anything but
// block, even register with us.
static void *reactor_loop(void *name)
{
    // As many as one call may fetch. More are not lost, they come next time.
    struct epoll_event events[64];

    thread_name = name;
    for (;;) {
        int n = epoll_wait(reactor.epoll, events, 64, -1);
        // SIGSTOP, then SIGCONT: EINTR, whatever the thread blocks.
        if (n == -1 && errno != EINTR) panic("epoll_wait: %s", strerror(errno));
        for (int i = 0; i < n; i++) {
            struct waker waker = reactor_take(events[i]);
            waker_wake(&waker);
        }
    }
    return NULL; // never
}

// reactor/mod.rs: Reactor::get | any thread | holds reactor.lock
//
// The reactor thread starts with the first registration. Returns 0 or -errno.
// A failure is not final: when the next future registers, descriptors may be
// free again.
static int reactor_get(void)
{
    if (reactor.epoll != -1) return 0;
    reactor.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (reactor.epoll == -1) return -errno;
    thread_spawn("reactor", reactor_loop);
    return 0;
}

// reactor/mod.rs: Reactor::register_waker | any thread | takes reactor.lock
//
// A future may be polled again while it still waits: then its old registration
// is undone, and the latest waker wins. (Rust trale adds the descriptor to
// epoll a second time and panics.) Once undone, nobody else knows of the
// subscription until we take the lock, so we may fill it in.
//
// The reactor thread may wake the waker as soon as the lock is released, before
// the caller has even returned POLL_PENDING. Rule 2 is there for that.
struct poll reactor_register_waker(struct subscription *sub, int fd,
                                   const struct waker *waker,
                                   enum wakeup_kind kind)
{
    reactor_deregister_waker(sub);
    *sub = (struct subscription){ NULL, waker_clone(waker), fd, kind };
    lock(&reactor.lock);
    int error = fd < 0 || fd >= FDS_MAX ? -EBADF : reactor_get();
    if (error == 0) error = reactor_change(sub, true);
    if (tracing && error == 0) narrate("register", NULL, sub);
    pthread_mutex_unlock(&reactor.lock);
    if (error != 0) waker_drop(&sub->waker);
    return error == 0 ? POLL_PENDING : POLL_READY(error);
}

// drop(Subscription) | any thread | takes reactor.lock
//
// With a waker in it, the subscription is on its list, and we take it off.
// Without one it has never registered, or the reactor thread was faster, has
// moved the waker out and will wake it: one wake too many, and harmless
// (rule 3).
void reactor_deregister_waker(struct subscription *sub)
{
    lock(&reactor.lock);
    if (sub->waker.vtable != NULL) reactor_change(sub, false);
    if (tracing && sub->waker.vtable) narrate("deregister", NULL, sub);
    struct waker waker = waker_take(&sub->waker);
    pthread_mutex_unlock(&reactor.lock);
    waker_drop(&waker);
}

// ---------------------------------------------------------------------------
// reactor/poll.rs: who waits for what
//
// epoll takes a descriptor only once, however many wait for it. So we keep a
// list for each descriptor, and tell epoll what those on the list want,
// together. A descriptor is in the epoll set exactly while its list is not
// empty. Whoever is woken is off the list: a registration is good for one wake.
//
// Rust trale lets only one task wait for a descriptor, and the second one's
// registration panics with the lock held, which stops the reactor for good.
// ---------------------------------------------------------------------------

// reactor/poll.rs: Poll::insert, slab.remove | any thread | holds reactor.lock
//
// Every change of a list is a call of this function: it puts sub on its list
// or takes it off, and tells the kernel. Returns 0, or -errno if a descriptor
// cannot be added, and then the list is as it was. Taking off always succeeds.
//
// The event carries the descriptor and the generation of its list. An event
// that the reactor thread has already fetched when the list changes is of an
// older generation, and known by that, even if the descriptor was closed and
// its number given to another future meanwhile (rule 7). What it reported is
// not lost: when epoll is told anew, it looks anew.
//
// Changing and removing fail only if the number does not stand any more for
// what we added. So somebody closed the descriptor too early, and its number
// may be another's by now. There is no safe way on.
static int reactor_change(struct subscription *sub, bool waits)
{
    struct source *source = &sources[sub->fd];
    struct subscription **place = &source->waiting;
    struct epoll_event event = { .events = 0 };
    int op = *place == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

    assert(pthread_mutex_trylock(&reactor.lock) == EBUSY);
    // Find the end of the list to join it, or the place of sub to unlink it.
    // Lists are short: seldom does more than one task wait for a descriptor.
    while (*place != NULL && *place != sub) place = &(*place)->next;
    *place = waits ? sub : sub->next;
    if (source->waiting == NULL) op = EPOLL_CTL_DEL;
    for (struct subscription *s = source->waiting; s != NULL; s = s->next)
        event.events |= s->kind;
    source->generation++;
    if (sub->fd >= reactor.fds) reactor.fds = sub->fd + 1;
    event.data.u64 = (uint64_t)source->generation << 32 | (uint32_t)sub->fd;
    if (epoll_ctl(reactor.epoll, op, sub->fd, &event) == 0) return 0;
    if (op != EPOLL_CTL_ADD)
        panic("fd %d was closed while a future waited for it (%s): drop the "
              "future before you close",
              sub->fd, strerror(errno));
    source->waiting = NULL;
    return -errno;
}

// reactor/poll.rs: Poll::wait, once epoll_wait has returned | the reactor |
// takes reactor.lock
//
// Returns the waker that the event is for, moved out of its subscription, or
// an empty one if the event is stale. Of several who wait for the same, that
// is the one who registered first. If the descriptor is still ready for those
// who stay on the list, the next epoll_wait reports it for them. A descriptor
// that failed or hung up counts as ready for everyone: they are woken in turn,
// and their system calls tell them why.
static struct waker reactor_take(struct epoll_event event)
{
    struct source *source = &sources[(uint32_t)event.data.u64];
    struct waker waker = { NULL, NULL };

    lock(&reactor.lock);
    if (source->generation == event.data.u64 >> 32) {
        // Somebody is due: epoll was asked for just what they all want.
        struct subscription *sub = source->waiting;
        while (!(event.events & (sub->kind | EPOLLERR | EPOLLHUP)))
            sub = sub->next;
        reactor_change(sub, false);
        if (tracing) narrate("event", NULL, sub);
        waker = waker_take(&sub->waker);
    }
    pthread_mutex_unlock(&reactor.lock);
    return waker;
}

// ---------------------------------------------------------------------------
// futures/timer.rs: a leaf future
//
// A leaf future is where a chain of awaits ends: it asks no other future but
// the kernel. All leaf futures are of one shape: try; if that would block,
// register the waker and return POLL_PENDING; when polled again, try again.
// They never ask why they are polled, so a spurious poll does no harm.
//
// A timerfd makes a point in time look like a descriptor that becomes ready,
// so the reactor needs no notion of time. It costs a descriptor and six system
// calls for each sleep; production runtimes sort their timers themselves and
// use the timeout of epoll_wait.
// ---------------------------------------------------------------------------

// futures/timer.rs: Timer
//
// Like every future of ours it begins with its struct future, which is what
// the others see: a pointer to the one is a pointer to the other.
struct timer {
    struct future future;
    struct subscription sub;
    int64_t expiration; // in nanoseconds of CLOCK_MONOTONIC
    int fd;             // -1 until the first poll
};

// Instant::now | any thread | any lock
//
// CLOCK_MONOTONIC is the clock that the timerfd uses too, and which nobody can
// set. The narration asks for another one as well.
static int64_t instant_now(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * NANOS_PER_SEC + now.tv_nsec;
}

// futures/timer.rs: Timer::poll | the executor | takes reactor.lock
//
// The timer is armed with an absolute time: it does not matter how late or how
// often we are polled, and a time that passes just now still fires. Rust
// trale's relative time can come out as zero, and that disarms the timer: the
// sleep never ends.
static struct poll timer_poll(struct future *future, struct context *cx)
{
    struct timer *self = (struct timer *)future;
    struct itimerspec at = { .it_value = { self->expiration / NANOS_PER_SEC,
                                           self->expiration % NANOS_PER_SEC } };

    if (instant_now(CLOCK_MONOTONIC) >= self->expiration) return POLL_READY(0);
    if (self->fd == -1) self->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (self->fd == -1 ||
        timerfd_settime(self->fd, TFD_TIMER_ABSTIME, &at, NULL) == -1)
        return POLL_READY(-errno);
    return reactor_register_waker(&self->sub, self->fd, cx->waker,
                                  WAKEUP_READABLE);
}

// drop(Timer) | the executor | takes reactor.lock
//
// Whether the sleep is over or cancelled: first the reactor forgets the
// descriptor, then the kernel may give its number to another.
static void timer_drop(struct future *future)
{
    struct timer *self = (struct timer *)future;

    reactor_deregister_waker(&self->sub);
    if (self->fd != -1) close(self->fd);
}

// futures/timer.rs: Timer::sleep | any thread | no lock
//
// As in Rust the clock starts here, and not at the first poll. Only the
// descriptor waits for the first poll, where an error has somewhere to go
// (Rust trale panics), and where a sleep that is over already needs none.
struct future *timer_sleep(struct duration duration)
{
    static const struct future_vtable vtable = { "timer", timer_poll,
                                                 timer_drop };
    struct timer *self = future_new(sizeof(*self), &vtable);
    int64_t now = instant_now(CLOCK_MONOTONIC);

    // For ever, should the sum overflow.
    bool ends = duration.nanos < INT64_MAX - now;
    self->expiration = ends ? now + duration.nanos : INT64_MAX;
    self->fd = -1;
    return &self->future;
}

// ---------------------------------------------------------------------------
// futures/udp.rs: two more leaf futures
//
// A UdpSocket is its descriptor. Rust wraps it in an Arc, and borrows the
// buffers, so that they outlive the futures; here the caller sees to that. An
// async block that keeps socket and buffer in its struct does it by itself.
// ---------------------------------------------------------------------------

// futures/udp.rs: UdpSocket::bind | any thread | no lock
//
// It is no future, here as in Rust. Names are not resolved: that would block.
// Rust trale resolves the name that send_to is given, in each of its polls.
int udp_socket_bind(const struct socket_addr *addr)
{
    int type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int fd = socket(addr->any.sa_family, type, 0);

    if (fd == -1) return -errno;
    if (bind(fd, &addr->any, addr->len) == 0) return fd;
    int error = -errno;
    close(fd);
    return error;
}

// futures/udp.rs: RecvFrom, and SendTo, which differs only in what it tries
// and in what it waits for
struct datagram {
    struct future future;
    struct subscription sub;
    enum wakeup_kind kind; // READABLE: RecvFrom. WRITABLE: SendTo
    int fd;
    void *buf;
    size_t len;
    struct socket_addr addr;    // SendTo: the target. RecvFrom: the sender,
    struct socket_addr *source; // which goes here, or NULL
};

// futures/udp.rs: RecvFrom::poll, SendTo::poll | the executor | takes
// reactor.lock
//
// The data is read in the poll that is ready: a RecvFrom dropped while pending
// has not touched its buffer, and has not taken a datagram along. MSG_TRUNC
// makes recvfrom return the datagram's own length, even if buf was too short;
// Rust cuts it silently. The socket does not block, so neither call can be
// interrupted.
static struct poll datagram_poll(struct future *future, struct context *cx)
{
    struct datagram *self = (struct datagram *)future;
    struct sockaddr *addr = &self->addr.any;
    ssize_t n;

    if (self->fd < 0) return POLL_READY(self->fd); // what bind returned
    if (self->kind == WAKEUP_READABLE)
        n = recvfrom(self->fd, self->buf, self->len, MSG_TRUNC, addr,
                     &self->addr.len);
    else
        n = sendto(self->fd, self->buf, self->len, 0, addr, self->addr.len);
    if (n == -1 && errno == EAGAIN)
        return reactor_register_waker(&self->sub, self->fd, cx->waker,
                                      self->kind);
    if (n == -1) return POLL_READY(-errno);
    if (self->source != NULL) *self->source = self->addr;
    return POLL_READY((size_t)n > self->len ? -EMSGSIZE : n);
}

// drop(RecvFrom), drop(SendTo) | the executor | takes reactor.lock
static void datagram_drop(struct future *future)
{
    reactor_deregister_waker(&((struct datagram *)future)->sub);
}

// futures/udp.rs: UdpSocket::recv_from | any thread | no lock
//
// Futures are lazy: this only notes what the polls will try. The length of an
// IPv6 address leaves room for either kind.
struct future *udp_socket_recv_from(int fd, void *buf, size_t len,
                                    struct socket_addr *source)
{
    static const struct future_vtable vtable = { "recv_from", datagram_poll,
                                                 datagram_drop };
    struct datagram *self = future_new(sizeof(*self), &vtable);

    *self =
        (struct datagram){ self->future,    .kind = WAKEUP_READABLE,
                           .fd = fd,        .buf = buf,
                           .len = len,      .addr.len = sizeof(self->addr.v6),
                           .source = source };
    return &self->future;
}

// futures/udp.rs: UdpSocket::send_to | any thread | no lock
//
// The target is copied, as it is moved in Rust. The cast takes away a const
// that sendto then honours.
struct future *udp_socket_send_to(int fd, const void *buf, size_t len,
                                  const struct socket_addr *target)
{
    static const struct future_vtable vtable = { "send_to", datagram_poll,
                                                 datagram_drop };
    struct datagram *self = future_new(sizeof(*self), &vtable);

    *self = (struct datagram){ self->future, .kind = WAKEUP_WRITABLE,
                               .fd = fd,     .buf = (void *)buf,
                               .len = len,   .addr = *target };
    return &self->future;
}

// ---------------------------------------------------------------------------
// Where is everything? Panics and dumps. Not in Rust trale.
//
// A debugger shows the stack of each thread, but a suspended task has none: it
// left the executor's stack when its poll returned. What a stack would tell is
// in its structs, from the task's future down the awaited children to the leaf:
//
//     hello#1 at readme.c:21 > timer (fd 5, in 1.2 s)
//
// That is a task: its name and number, the last AWAIT that it has come to, the
// name of the future that it awaits there, that one's last AWAIT, and so on.
// The leaf has no AWAIT. What it waits for, the reactor knows as a descriptor.
// ---------------------------------------------------------------------------

// ours | any thread | holds executor.lock, or polls the task
//
// The chain can be followed as far as it is made of AWAITs. A machine written
// by hand, or a future that awaits several, is the last that we can name.
//
// While a task is polled, the executor changes its futures without a lock, so
// no other thread may look at them. Once it is done it has no future, and shows
// its output instead.
static void print_task(FILE *out, const struct task *task)
{
    fprintf(out, "%s#%lu", task->name, task->id);
    if (task->output.ready) fprintf(out, " = %ld", (long)task->output.value);
    if (task == executor.polling && task != current) return;
    for (const struct future *f = task->future; f != NULL && f->is_async;) {
        const struct async *async = (const struct async *)f;
        const char *slash = strrchr(async->file, '/');
        const char *file = slash != NULL ? slash + 1 : async->file;

        fprintf(out, " at %s:%d", file, async->line);
        f = async->child;
        if (f != NULL) fprintf(out, " > %s", f->vtable->name);
    }
}

// panic! | any thread | any lock
//
// It needs no memory, for that may be what has run out. While we hold stderr,
// no line of another thread gets in between.
static void panic(const char *format, ...)
{
    va_list args;

    flockfile(stderr);
    fputs(current == NULL ? "trale" : "trale: in task ", stderr);
    if (current != NULL) print_task(stderr, current);
    fputs(": ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

// ours | any thread | any lock
static const char *kind_name(enum wakeup_kind kind)
{
    return kind == WAKEUP_READABLE ? "readable" : "writable";
}

// ours | any thread | holds reactor.lock
//
// Not every descriptor is a timerfd. The others refuse the question.
static void print_wait(FILE *out, const struct subscription *sub)
{
    struct itimerspec at;

    if (timerfd_gettime(sub->fd, &at) == -1)
        fprintf(out, " (fd %d, %s)", sub->fd, kind_name(sub->kind));
    else
        fprintf(out, " (fd %d, in %ld.%ld s)", sub->fd,
                (long)at.it_value.tv_sec, at.it_value.tv_nsec / 100000000);
}

// ours | any thread | holds both locks
//
// A task does not know its subscriptions, and the reactor knows no tasks. What
// joins the two is the waker, so we look for those of this task. That is slow
// for many tasks with many descriptors, but costs nothing until somebody asks.
static void dump_queue(FILE *out, const char *name, const struct link *queue)
{
    for (struct link *link = queue->next; link != queue; link = link->next) {
        const struct task *task = (const struct task *)link;

        fprintf(out, "%-4s ", task == executor.polling ? "poll" : name);
        print_task(out, task);
        for (int fd = 0; fd < reactor.fds; fd++)
            for (struct subscription *s = sources[fd].waiting; s; s = s->next)
                if (s->waker.data == task) print_wait(out, s);
        fputc('\n', out);
    }
}

// The time that all threads together have spent on dumps and on narration.
static _Atomic int64_t printing;

// ours | any thread | takes reactor.lock, and executor.lock inside it
//
// With both locks no task changes its queue, and no subscription comes or goes.
// A poll that is under way goes on until it needs a lock.
void executor_dump(FILE *out)
{
    lock(&reactor.lock);
    lock(&executor.lock);
    int64_t start = instant_now(CLOCK_MONOTONIC);
    fprintf(out, "trale: of %lu tasks so far, these are left:\n",
            executor.spawned);
    dump_queue(out, "run", &executor.run_q);
    dump_queue(out, "wait", &executor.waiting);
    printing += instant_now(CLOCK_MONOTONIC) - start;
    pthread_mutex_unlock(&executor.lock);
    pthread_mutex_unlock(&reactor.lock);
}

// ---------------------------------------------------------------------------
// The narration: what happens, told while it happens. Not in Rust trale.
//
// TRALE_TRACE=1 prints a line for each event, to stderr: the time in seconds,
// the thread, the event, the task and where in its source it stands, the
// descriptor if there is one, and both queues as they are now. The number
// behind a waiting task says how many wakers of it there are:
//
// 0.000207 main     spawn      hello#1 | run: hello#1 | wait: -
// 0.000253 executor poll       hello#1 | run: - | wait: hello#1*0
// 0.000355 executor register   hello#1 at readme.c:21 > timer fd 5 readable ...
// 0.000361 executor pending    hello#1 at readme.c:21 > timer | ... hello#1*1
//
// TRALE_STEP=1 also stops before each poll. NOTES.md explains every word.
//
// The line of an event is printed under executor.lock. So lines do not mix,
// they come in the order in which things happened, and the queues are as shown.
// The price is that whoever needs that lock waits for the terminal.
// ---------------------------------------------------------------------------

static int64_t began;  // the time before main
static FILE *terminal; // where Enter is typed, under TRALE_STEP; or NULL

// Clocks, read at one moment; two readings give the cost of a poll. `wall`
// leaves out what was spent on printing, for whoever reads may be slow.
// `sleeps` counts how often the thread gave up its processor, not how often it
// was pushed aside.
static struct cost {
    int64_t wall, cpu;
    long sleeps;
} poll_began;

// ours | any thread | any lock
static struct cost cost_now(void)
{
    struct rusage usage;

    getrusage(RUSAGE_THREAD, &usage);
    return (struct cost){ instant_now(CLOCK_MONOTONIC) - printing,
                          instant_now(CLOCK_THREAD_CPUTIME_ID),
                          usage.ru_nvcsw };
}

// ours | the thread that starts the program, before main | no lock
//
// As a constructor, so that nothing above has to ask whether this has been
// done. While tracing, stderr is buffered by lines, so that each is one write.
__attribute__((constructor)) static void narration_start(void)
{
    const char *trace = getenv("TRALE_TRACE"), *step = getenv("TRALE_STEP");
    bool steps = step != NULL && *step == '1';

    thread_name = "main";
    began = instant_now(CLOCK_MONOTONIC);
    tracing = steps || (trace != NULL && *trace == '1');
    if (tracing) setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
    if (steps) terminal = fopen("/dev/tty", "re");
    if (steps && terminal == NULL)
        fputs("trale: no terminal to type Enter on, so no stops\n", stderr);
}

// ours | any thread | holds executor.lock
//
// Of the references to a task, those that are not the executor's nor the
// joiner's are wakers. The one that is only lent to its poll is no reference.
static void print_queue(const char *name, const struct link *queue)
{
    fprintf(stderr, " | %s:%s", name, queue->next == queue ? " -" : "");
    for (struct link *link = queue->next; link != queue; link = link->next) {
        const struct task *task = (const struct task *)link;

        fprintf(stderr, " %s#%lu", task->name, task->id);
        if (queue == &executor.waiting)
            fprintf(stderr, "*%ld", (long)task->refs - 1 - task->joinable);
    }
}

// ours | the executor | holds executor.lock
//
// A poll that took long, gave up the processor by itself and hardly used it was
// blocked, and so was every other task. The warning says "seems", because the
// program may also have been stopped, by Ctrl-Z say.
static void warn_if_blocked(struct cost now)
{
    int64_t wall = now.wall - poll_began.wall, cpu = now.cpu - poll_began.cpu;

    if (wall > NANOS_PER_SEC / 10 && cpu < wall / 10 &&
        now.sleeps > poll_began.sleeps)
        fprintf(stderr,
                "trale: this poll of %s#%lu seems to have blocked the executor "
                "thread, and so every task, for %d ms: await instead\n",
                current->name, current->id, (int)(wall / 1000000));
}

// ours | any thread | holds executor.lock; or, with a subscription, holds
// reactor.lock and takes executor.lock inside it
//
// The reactor's events come with a subscription. The reactor knows no tasks,
// but here we may look into its waker: if it is one of ours, it has a task.
//
// The line begins with the time, so we read the clock under the lock, where
// nobody else's line can come between.
static void narrate(const char *event, const struct task *task,
                    const struct subscription *sub)
{
    if (sub != NULL) lock(&executor.lock);
    if (sub != NULL && sub->waker.vtable == &task_waker_vtable)
        task = sub->waker.data;
    struct cost now = cost_now();
    int64_t start = instant_now(CLOCK_MONOTONIC);
    flockfile(stderr);
    fprintf(stderr, "%10.6f %-8s %-10s ",
            (double)(start - began) / NANOS_PER_SEC, thread_name, event);
    if (task != NULL) print_task(stderr, task);
    if (sub != NULL)
        fprintf(stderr, " fd %d %s", sub->fd, kind_name(sub->kind));
    print_queue("run", &executor.run_q);
    print_queue("wait", &executor.waiting);
    fputc('\n', stderr);
    if (strcmp(event, "pending") == 0 || strcmp(event, "ready") == 0)
        warn_if_blocked(now);
    funlockfile(stderr);
    printing += instant_now(CLOCK_MONOTONIC) - start;
    if (sub != NULL) pthread_mutex_unlock(&executor.lock);
}

// ours | the executor | takes both locks for a dump, else none
//
// Notes when the poll begins, and under TRALE_STEP stops before it. The line
// just printed has shown the queues. No lock is held meanwhile: the reactor and
// all other threads go on, and their lines may come after the question. At the
// end of input there are no more stops. The cost of the poll begins when Enter
// has been typed: to think is not to block.
static void narrate_step(void)
{
    char line[80];

    while (terminal != NULL) {
        fprintf(stderr, "%s#%lu is next (Enter: poll, d: dump, c: run on)\n",
                current->name, current->id);
        bool typed = fgets(line, sizeof(line), terminal) != NULL;
        if (!typed || *line == 'c') terminal = NULL;
        if (!typed || *line != 'd') break;
        executor_dump(stderr);
    }
    poll_began = cost_now();
}
