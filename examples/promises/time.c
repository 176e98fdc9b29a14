// Taking turns, promises that nobody waits for, and time limits.
#define _POSIX_C_SOURCE 200809L
#include "show.h"

#include <sys/wait.h>
#include <unistd.h>

// ---------------------------------------------------------------------------
// pause: let the others go first
// ---------------------------------------------------------------------------

struct counter {
    char name;
    int i;
};

static struct promise *count(intptr_t value, void *env)
{
    struct counter *self = env;

    (void)value;
    if (self->i == 3) return lwt_return(0);
    printf("%c%d\n", self->name, self->i++);
    return lwt_bind(lwt_pause(), count, self);
}

static struct promise *take_turns(void *env)
{
    static struct counter a = { 'a', 0 }, b = { 'b', 0 };
    struct promise *p = count(0, &a), *q = count(0, &b);

    (void)env;
    return lwt_join(PROMISES(p, q));
}

// ---------------------------------------------------------------------------
// async: nobody waits for the outcome, so a failure goes to the hook
// ---------------------------------------------------------------------------

static struct promise *fail_with(intptr_t value, void *error)
{
    (void)value;
    return promise_resolved((intptr_t)error);
}

static struct promise *fail_at_once(void *env)
{
    (void)env;
    printf("body\n");
    return lwt_fail(-EBUSY);
}

static struct promise *fail_later(void *env)
{
    (void)env;
    return lwt_bind(lwt_pause(), fail_with, (void *)(intptr_t)-E2BIG);
}

static void print_hook(int error)
{
    printf("hook: %s\n", error_name(error));
}

static struct promise *in_background(void *env)
{
    (void)env;
    lwt_async_exception_hook = print_hook;
    lwt_async(fail_at_once, NULL);
    lwt_async(fail_later, NULL);
    printf("after async\n");
    return lwt_unix_sleep(.1);
}

static struct promise *without_a_hook(void *env)
{
    (void)env;
    fclose(stderr); // of what it says we print the number only
    lwt_async(fail_at_once, NULL);
    return lwt_return(0);
}

// ---------------------------------------------------------------------------
// with_timeout
// ---------------------------------------------------------------------------

static struct promise *never(void *env)
{
    (void)env;
    return lwt_unix_sleep(60);
}

static struct promise *answer(void *env)
{
    (void)env;
    return lwt_return(42);
}

static struct promise *too_slow(void *env)
{
    (void)env;
    return then_print("too slow", lwt_unix_with_timeout(.1, never, NULL));
}

static struct promise *in_time(void *env)
{
    (void)env;
    return then_print("in time", lwt_unix_with_timeout(.1, answer, NULL));
}

int main(void)
{
    static lwt_thunk *const steps[] = { take_turns, in_background, too_slow,
                                        in_time };
    int status;

    // A process of its own, before there is any thread.
    if (fork() == 0) {
        lwt_main_run(without_a_hook, NULL);
        _exit(0);
    }
    wait(&status);
    printf("without a hook the program ends with %d\n", WEXITSTATUS(status));
    return run_steps(steps, sizeof(steps) / sizeof(steps[0]));
}

// Expected output, in this order, after so many seconds:
//
//     0    body
//     0    without a hook the program ends with 2
//     0    a0
//     0    b0
//     0    a1
//     0    b1
//     0    a2
//     0    b2
//     0    body
//     0    hook: EBUSY
//     0    after async
//     0    hook: E2BIG
//     0.2  too slow: Fail(ETIMEDOUT)
//     0.2  in time: Return 42
