// A promise that somebody else resolves: a library with threads of its own, a
// server, a user. And two that wait for the same promise, each in its way.
#define _GNU_SOURCE // for pthread_getname_np
#include "show.h"

#include <pthread.h>
#include <time.h>

struct request {
    intptr_t number;
    struct resolver resolver;
};

// The other side: a thread that knows nothing of promises. All that it may do
// with one is to spawn, where the promise belongs, what resolves it.
static void *remote(void *data)
{
    struct request *request = data;

    nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
    struct task_joiner joiner = executor_spawn(
        promise_resolving(&request->resolver, 2 * request->number));
    task_joiner_drop(&joiner);
    free(request);
    return NULL;
}

static struct promise *invoke_remote(intptr_t number)
{
    struct request *request = promise_malloc(sizeof(*request));
    struct promise *promise = lwt_wait(&request->resolver);
    pthread_t thread;

    request->number = number;
    if (pthread_create(&thread, NULL, remote, request) != 0)
        panic("cannot start a thread");
    pthread_detach(thread);
    return promise;
}

static void print_answer(const char *who, intptr_t answer)
{
    char thread[16];

    pthread_getname_np(pthread_self(), thread, sizeof(thread));
    printf("%s: answer %ld, on the %s thread\n", who, (long)answer, thread);
}

// The first one: a callback.
static struct promise *answered(intptr_t answer, void *env)
{
    (void)env;
    print_answer("bind", answer);
    return lwt_return(0);
}

// The second one: an async block.
struct asker {
    struct async async;
    struct promise *promise;
};

static struct poll asker_poll(struct future *future, struct context *cx)
{
    struct asker *self = (struct asker *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, promise_await(self->promise));
    print_answer("AWAIT", self->async.value);
    ASYNC_END(self, 0);
}

static struct promise *ask(void *env)
{
    static const struct future_vtable vtable = { "asker", asker_poll,
                                                 async_drop };
    struct asker *asker = future_new(sizeof(*asker), &vtable);
    struct promise *promise = invoke_remote(21);

    (void)env;
    asker->promise = promise_clone(promise);
    return lwt_join(PROMISES(lwt_bind(promise, answered, NULL),
                             promise_spawn(&asker->async.future)));
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // by lines, as print_endline does
    return (int)lwt_main_run(ask, NULL);
}

// Expected output, in this order, after so many seconds:
//
//     0.1  bind: answer 42, on the executor thread
//     0.1  AWAIT: answer 42, on the executor thread
