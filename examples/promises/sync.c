// Mutex, condition, switch: who waits in the middle of something that others
// must not see, for news, or for the end.
#include "show.h"

static struct lwt_mutex mutex;
static struct lwt_condition condition;

// ---------------------------------------------------------------------------
// Mutex
// ---------------------------------------------------------------------------

static struct promise *leave(intptr_t value, void *name)
{
    (void)value;
    printf("%s out\n", (char *)name);
    return lwt_return(0);
}

static struct promise *critical(void *name)
{
    printf("%s in\n", (char *)name);
    return lwt_bind(lwt_pause(), leave, name);
}

// First come, first served.
static struct promise *three_want_it(void *env)
{
    struct promise *p1 = lwt_mutex_with_lock(&mutex, critical, "1");
    struct promise *p2 = lwt_mutex_with_lock(&mutex, critical, "2");
    struct promise *p3 = lwt_mutex_with_lock(&mutex, critical, "3");

    (void)env;
    return lwt_join(PROMISES(p1, p2, p3));
}

static struct promise *fail(void *env)
{
    (void)env;
    return lwt_fail(-EBUSY);
}

static struct promise *one_fails(void *env)
{
    (void)env;
    promise_drop(lwt_mutex_with_lock(&mutex, fail, NULL));
    printf("after a failure: %s\n", mutex.locked ? "locked" : "unlocked");
    return lwt_return(0);
}

// 1 has it. 2 gives up waiting, so it goes to 3.
static struct promise *one_gives_up(void *env)
{
    struct promise *p1 = lwt_mutex_with_lock(&mutex, critical, "1");
    struct promise *p2 = lwt_mutex_with_lock(&mutex, critical, "2");
    struct promise *p3 = lwt_mutex_with_lock(&mutex, critical, "3");

    (void)env;
    lwt_cancel(p2);
    return lwt_join(PROMISES(p1, then_print("2", p2), p3));
}

// ---------------------------------------------------------------------------
// Condition
// ---------------------------------------------------------------------------

// A condition remembers nothing: signalled too early is not signalled.
static struct promise *signals(void *env)
{
    (void)env;
    lwt_condition_signal(&condition, 1);
    struct promise *p = lwt_condition_wait(&condition, NULL);
    print("signalled before the wait", promise_clone(p));
    lwt_condition_signal(&condition, 2);
    print("signalled after it", p);
    struct promise *q = lwt_condition_wait(&condition, NULL);
    p = lwt_condition_wait(&condition, NULL);
    lwt_condition_broadcast(&condition, 3);
    return lwt_join(PROMISES(then_print("broadcast, the one", q),
                             then_print("broadcast, the other", p)));
}

// Who waits for the condition lets others have the mutex.
static struct promise *wait_for_it(void *env)
{
    (void)env;
    return lwt_condition_wait(&condition, &mutex);
}

static struct promise *with_the_mutex(void *env)
{
    struct promise *p = lwt_mutex_with_lock(&mutex, wait_for_it, NULL);

    (void)env;
    printf("while it waits: %s\n", mutex.locked ? "locked" : "unlocked");
    lwt_condition_signal(&condition, 4);
    return then_print("and then", p);
}

// ---------------------------------------------------------------------------
// Switch
// ---------------------------------------------------------------------------

static struct promise *hook1_end(intptr_t value, void *env)
{
    (void)value, (void)env;
    printf("hook1 end\n");
    return lwt_return(0);
}

static struct promise *hook1(void *env)
{
    printf("hook1 start\n");
    return lwt_bind(lwt_pause(), hook1_end, env);
}

static struct promise *hook2(void *env)
{
    (void)env;
    printf("hook2\n");
    return lwt_return(0);
}

static struct promise *is_off(intptr_t value, void *sw)
{
    (void)value;
    print("add_hook when off", lwt_fail(lwt_switch_add_hook(sw, hook1, NULL)));
    return lwt_return(0);
}

static struct promise *turn_off(void *env)
{
    static struct lwt_switch sw;

    (void)env;
    lwt_switch_add_hook(&sw, hook1, NULL);
    lwt_switch_add_hook(&sw, hook2, NULL);
    return lwt_bind(lwt_switch_turn_off(&sw), is_off, &sw);
}

int main(void)
{
    static lwt_thunk *const steps[] = { three_want_it,  one_fails,
                                        one_gives_up,   signals,
                                        with_the_mutex, turn_off };

    return run_steps(steps, sizeof(steps) / sizeof(steps[0]));
}

// Expected output, in this order, after so many seconds:
//
//     0  1 in
//     0  1 out
//     0  2 in
//     0  2 out
//     0  3 in
//     0  3 out
//     0  after a failure: unlocked
//     0  1 in
//     0  2: Fail(ECANCELED)
//     0  1 out
//     0  3 in
//     0  3 out
//     0  signalled before the wait: Sleep
//     0  signalled after it: Return 2
//     0  broadcast, the one: Return 3
//     0  broadcast, the other: Return 3
//     0  while it waits: unlocked
//     0  and then: Return 4
//     0  hook2
//     0  hook1 start
//     0  hook1 end
//     0  add_hook when off: Fail(ESHUTDOWN)
