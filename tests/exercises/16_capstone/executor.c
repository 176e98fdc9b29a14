// The student's exercises, put together: executor_spawn and the others of
// trale.h, made of 02, 03, 06, 14, 15 and 16. What remains of trale.c are the
// leaf futures, future_poll and await. The driver gives each exercise's
// functions a prefix (parts.sh), so that their names do not clash.
//
// It tells what happens in the lines of trale.c's narration.
#define _GNU_SOURCE
#include "16_capstone.h"

#include "calls.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

// The three exercises each have a struct task of their own.
#define task q_task
#define queue_push q_queue_push
#define queue_pop q_queue_pop
#define task_poll q_task_poll
#define task_release q_task_release
#include "03_task.h"
void queue_push(struct task *entry);
struct task *queue_pop(void);
#undef TASK_H
#undef task
#undef queue_push
#undef queue_pop
#undef task_poll
#undef task_release

#define task w_task
#define queue_push w_queue_push
#define queue_pop w_queue_pop
#define task_poll w_task_poll
#define task_wake w_task_wake
#include "06_task.h"
void task_wake(struct task *task);
#undef TASK_H
#undef task
#undef queue_push
#undef queue_pop
#undef task_poll
#undef task_wake

#define task j_task
#define task_release j_task_release
#define spawn j_spawn
#include "14_task.h"
#undef task
#undef task_release
#undef spawn

#include "15_reactor.h"

intptr_t block_on(struct future *future);

// A task, as each of the exercises sees it.
struct job {
    struct q_task entry; // first: the queue's
    struct w_task wake;
    struct j_task *output;
    struct future *future;
    const char *name;
    int id;
    struct job *next_queued; // for the narration: the queue's order
    struct job *next;        // of all
    bool queued, done;
    atomic_int wakers;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; // 06: queue_lock
static struct job *jobs, **end_of_jobs = &jobs, *in_order;
static int spawned, epoll = -1;
static _Thread_local const char *thread = "main";

_Noreturn void exercise_todo(const char *file, int line, const char *what, ...)
{
    fprintf(stderr, "still to be written: %s, %s:%d\n", what, file, line);
    _exit(3);
}

// With the lock: the queues must not change while they are told.
static void tell(const char *what, const struct job *job)
{
    struct timespec now;
    const struct job *other;

    clock_gettime(CLOCK_MONOTONIC, &now);
    flockfile(stderr);
    fprintf(stderr,
            "%3ld.%06ld %-8s %-10s %s#%d | run:", (long)now.tv_sec % 1000,
            now.tv_nsec / 1000, thread, what, job->name, job->id);
    for (other = in_order; other != NULL; other = other->next_queued)
        fprintf(stderr, " %s#%d", other->name, other->id);
    fprintf(stderr, "%s | wait:", in_order == NULL ? " -" : "");
    int waiting = 0;
    for (other = jobs; other != NULL; other = other->next)
        if (!other->queued && !other->done && ++waiting)
            fprintf(stderr, " %s#%d*%d", other->name, other->id, other->wakers);
    fprintf(stderr, "%s\n", waiting == 0 ? " -" : "");
    funlockfile(stderr);
}

static void tell_alone(const char *what, const struct job *job)
{
    pthread_mutex_lock(&mutex);
    tell(what, job);
    pthread_mutex_unlock(&mutex);
}

// ---------------------------------------------------------------------------
// What exercise 06 is promised: the queue, of exercise 03, and the poll
// ---------------------------------------------------------------------------

static struct job *job_of(struct w_task *task)
{
    return (struct job *)((char *)task - offsetof(struct job, wake));
}

void queue_lock(void)
{
    pthread_mutex_lock(&mutex);
}

void queue_unlock(void)
{
    pthread_mutex_unlock(&mutex);
}

static void push(struct job *job, const char *what)
{
    struct job **place = &in_order;

    while (*place != NULL) place = &(*place)->next_queued;
    *place = job;
    job->next_queued = NULL;
    job->queued = true;
    q_queue_push(&job->entry);
    tell(what, job);
}

static struct job *pop(void)
{
    struct job *job = (struct job *)q_queue_pop(), **place = &in_order;

    if (job == NULL) return NULL;
    while (*place != job) place = &(*place)->next_queued;
    *place = job->next_queued;
    job->queued = false;
    return job;
}

void w_queue_push(struct w_task *task)
{
    push(job_of(task), "wake");
}

struct w_task *w_queue_pop(void)
{
    struct job *job = pop();

    return job != NULL ? &job->wake : NULL;
}

// Exercise 03 has no such function: take all out, and put the others back.
void queue_remove(struct w_task *task)
{
    struct job *last = NULL, *job;

    for (job = in_order; job != NULL; job = job->next_queued) last = job;
    while (last != NULL && (job = pop()) != NULL) {
        bool was_last = job == last;
        if (&job->wake != task) q_queue_push(&job->entry);
        if (&job->wake != task) {
            struct job **place = &in_order;
            while (*place != NULL) place = &(*place)->next_queued;
            *place = job;
            job->next_queued = NULL;
            job->queued = true;
        }
        if (was_last) return;
    }
}

static void waker_clone_job(void *data)
{
    ((struct job *)data)->wakers++;
}

static void waker_drop_job(void *data)
{
    ((struct job *)data)->wakers--;
}

static void waker_wake_job(void *data)
{
    struct job *job = data;

    if (strcmp(thread, "reactor") == 0) tell_alone("event", job);
    w_task_wake(&job->wake); // 06
    executor_notify();       // 16
    waker_drop_job(data);
}

void j_task_release(struct j_task *task)
{
    if (--task->refs == 0) free(task);
}

// Called by step, of exercise 06.
struct poll w_task_poll(struct w_task *task)
{
    static const struct waker_vtable vtable = { waker_clone_job, waker_wake_job,
                                                waker_drop_job };
    struct job *job = job_of(task);
    struct context cx = { &(struct waker){ &vtable, job } };

    tell_alone("poll", job);
    struct poll poll = future_poll(job->future, &cx);
    if (!poll.ready) {
        tell_alone("pending", job);
        return poll;
    }
    future_drop(job->future);
    job->future = NULL;
    pthread_mutex_lock(&mutex);
    job->done = true;
    tell("ready", job);
    pthread_mutex_unlock(&mutex);
    task_finish(job->output, poll.value); // 14
    j_task_release(job->output);
    return poll;
}

// What exercise 03 is promised. Its run is not used here, for step is.
void q_task_poll(struct q_task *task)
{
    (void)task;
    abort();
}

void q_task_release(struct q_task *task)
{
    (void)task;
    abort();
}

// The parts may have C11's locks, as c11.c makes them.
int student_pthread_mutex_lock(pthread_mutex_t *lock)
{
    return pthread_mutex_lock(lock);
}

int student_pthread_mutex_trylock(pthread_mutex_t *lock)
{
    return pthread_mutex_trylock(lock);
}

int student_pthread_mutex_unlock(pthread_mutex_t *lock)
{
    return pthread_mutex_unlock(lock);
}

int student_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock)
{
    return pthread_cond_wait(cond, lock);
}

int student_pthread_cond_signal(pthread_cond_t *cond)
{
    return pthread_cond_signal(cond);
}

int student_pthread_cond_broadcast(pthread_cond_t *cond)
{
    return pthread_cond_broadcast(cond);
}

// ---------------------------------------------------------------------------
// What the programs call, instead of trale.c
// ---------------------------------------------------------------------------

static void *executor_thread(void *data)
{
    static const struct future_vtable vtable = { "executor", executor_poll,
                                                 NULL };

    thread = "executor";
    block_on(future_new(sizeof(struct future), &vtable)); // 02, with 16
    return data;
}

static void *reactor_thread(void *data)
{
    thread = "reactor";
    reactor_loop(epoll); // 15
    return data;
}

static void thread_begin(void *(*loop)(void *))
{
    pthread_t id;

    if (pthread_create(&id, NULL, loop, NULL) != 0) abort();
    pthread_detach(id);
}

// Exercise 14: the handle, which is made here.
static struct future *handle_new(struct job *job)
{
    static const struct future_vtable vtable = { "handle", handle_poll,
                                                 handle_drop };
    struct handle *handle = future_new(sizeof(*handle), &vtable);
    struct j_task *output = box_new(sizeof(*output));

    pthread_mutex_init(&output->lock, NULL);
    pthread_cond_init(&output->done, NULL);
    output->refs = 2;
    job->output = output;
    handle->j_task = output;
    return &handle->future;
}

struct task_joiner executor_spawn(struct future *future)
{
    struct job *job = box_new(sizeof(*job));
    struct future *handle = handle_new(job);

    job->future = future;
    job->name = future->vtable->name;
    job->wake = (struct w_task){ QUEUED, job->name };
    pthread_mutex_lock(&mutex);
    if (spawned == 0) {
        epoll = epoll_create1(EPOLL_CLOEXEC);
        thread_begin(reactor_thread);
        thread_begin(executor_thread);
    }
    job->id = ++spawned;
    *end_of_jobs = job;
    end_of_jobs = &job->next;
    push(job, "spawn");
    pthread_mutex_unlock(&mutex);
    executor_notify(); // 16
    return (struct task_joiner){ .task = (struct task *)handle };
}

intptr_t task_joiner_join(struct task_joiner *joiner)
{
    return handle_join((struct future *)joiner->task); // 14
}

struct poll reactor_register_waker(struct subscription *sub,
                                   const struct waker *waker)
{
    tell_alone("register", waker->data);
    sub->event_data = 1; // so it is registered
    return reactor_register(epoll, sub->fd, sub->kind, waker); // 15
}

void reactor_deregister_waker(struct subscription *sub)
{
    if (sub->event_data != 0) reactor_deregister(epoll, sub->fd);
    sub->event_data = 0;
}

// ---------------------------------------------------------------------------
// Ten times as fast, and without a port that somebody else may have
// ---------------------------------------------------------------------------

struct future *trale_timer_sleep(struct duration duration);
int trale_udp_socket_bind(const struct socket_addr *addr);
struct future *trale_udp_socket_send_to(int fd, const void *buf, size_t len,
                                        const struct socket_addr *target);

static in_port_t wanted, given; // the port of examples/udp.c, and ours

struct future *timer_sleep(struct duration duration)
{
    return trale_timer_sleep((struct duration){ duration.nanos / 10 });
}

int udp_socket_bind(const struct socket_addr *addr)
{
    struct socket_addr any = *addr;

    any.v4.sin_port = 0;
    int fd = trale_udp_socket_bind(&any);
    if (fd >= 0 && addr->v4.sin_port != 0) {
        wanted = addr->v4.sin_port;
        getsockname(fd, &any.any, &any.len);
        given = any.v4.sin_port;
    }
    return fd;
}

struct future *udp_socket_send_to(int fd, const void *buf, size_t len,
                                  const struct socket_addr *target)
{
    struct socket_addr other = *target;

    if (target->v4.sin_port == wanted) other.v4.sin_port = given;
    return trale_udp_socket_send_to(fd, buf, len, &other);
}
