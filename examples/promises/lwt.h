// Lwt in C: promises put together by callbacks. Each name is that of an OCaml
// function: Lwt.bind is lwt_bind, Lwt_list.map_p is lwt_list_map_p.
//
// In direct style one would write
//
//     int line = read_line();
//     print(line);
//
// but who waits in read_line keeps a stack. With promises it is
//
//     lwt_bind(read_line(), print, NULL)
//
// where print(line, env) is what follows the wait, made a function of its own
// by hand, and env is what it needs of the locals. (OCaml's closures capture
// those by themselves.) It returns a promise again, so that more can follow.
//
// env is borrowed: a number cast to a pointer, a string constant, or something
// that lwt_finalize frees in the end.
//
// Functions that take promises take them over, lwt_on_cancel excepted. In an
// array each promise is taken over, the array itself is not.
#ifndef LWT_H
#define LWT_H

#include "promise.h"

typedef struct promise *lwt_function(intptr_t value, void *env);
typedef intptr_t lwt_mapping(intptr_t value, void *env);
typedef struct promise *lwt_thunk(void *env);

// An array of promises and its length, as two arguments.
#define PROMISES(...)                                      \
    (struct promise *[]){ __VA_ARGS__ },                   \
        sizeof((struct promise *const[]){ __VA_ARGS__ }) / \
            sizeof(struct promise *)

// ---------------------------------------------------------------------------
// Lwt: one promise after another. lwt.c
// ---------------------------------------------------------------------------

#define lwt_return promise_resolved
#define lwt_fail promise_resolved // error < 0
#define lwt_wait promise_new
struct promise *lwt_task(struct resolver *resolver); // and it can be cancelled

#define lwt_wakeup promise_resolve // Lwt.wakeup_later
#define lwt_wakeup_exn promise_resolve
#define lwt_state promise_state
#define lwt_cancel promise_cancel

// Calls on_value(value, env) or on_error(error, env): at once if the promise is
// resolved, and else later. The result is the promise that this returns. Where
// the function is NULL, the outcome is passed on as it is. bind and catch are
// this with one function.
struct promise *lwt_try_bind(struct promise *promise, lwt_function *on_value,
                             lwt_function *on_error, void *env);

static inline struct promise *lwt_bind(struct promise *promise, lwt_function *f,
                                       void *env)
{
    return lwt_try_bind(promise, f, NULL, env);
}

static inline struct promise *lwt_catch(struct promise *promise,
                                        lwt_function *h, void *env)
{
    return lwt_try_bind(promise, NULL, h, env);
}

// bind with a function that returns no promise but a value.
struct promise *lwt_map(struct promise *promise, lwt_mapping *f, void *env);

// Runs cleanup(env) when the promise is resolved, in whatever way, and then
// has its outcome; or that of cleanup, if cleanup fails.
struct promise *lwt_finalize(struct promise *promise, lwt_thunk *cleanup,
                             void *env);

// Runs f(env) if the promise is cancelled, before all other callbacks.
void lwt_on_cancel(struct promise *promise, void (*f)(void *env), void *env);

// The same outcome, but cancelling does not go on to the promise itself: what
// protected returns is cancelled alone, what no_cancel returns not at all.
struct promise *lwt_protected(struct promise *promise);
struct promise *lwt_no_cancel(struct promise *promise);

// ---------------------------------------------------------------------------
// Lwt: many at a time. An empty array aborts in choose, pick and nchoose.
// lwt_many.c
// ---------------------------------------------------------------------------

// Returns with 0 once all are resolved, or fails as the first one that failed.
struct promise *lwt_join(struct promise *promises[], size_t n);

// The same, and values[i] becomes the value of promises[i]. values must live
// until then.
struct promise *lwt_all(struct promise *promises[], size_t n,
                        intptr_t values[]);
struct promise *lwt_both(struct promise *a, struct promise *b,
                         intptr_t values[2]);

// Behaves as the first one that is resolved. Of several that are resolved
// already it takes one at random, and those that failed go first.
struct promise *lwt_choose(struct promise *promises[], size_t n);

// The same, and cancels the others.
struct promise *lwt_pick(struct promise *promises[], size_t n);

// As soon as one is resolved: returns with how many are; values[] has theirs,
// in order. Fails if one of them failed.
struct promise *lwt_nchoose(struct promise *promises[], size_t n,
                            intptr_t values[]);

// ---------------------------------------------------------------------------
// Lwt_main, Lwt_unix: the way into the executor and back. lwt_unix.c
// ---------------------------------------------------------------------------

// Lwt_main.run (main env): calls main as a task of the executor, waits until
// its promise is resolved, and returns the value. Inside a task that aborts.
intptr_t lwt_main_run(lwt_thunk *main, void *env);

// Returns with 0 after all other tasks that can run have had their turn.
struct promise *lwt_pause(void);

// Returns with 0 after so many seconds.
struct promise *lwt_unix_sleep(double seconds);

// Behaves as f(env), or cancels it after so many seconds and fails with
// -ETIMEDOUT (Lwt_unix.Timeout).
struct promise *lwt_unix_with_timeout(double seconds, lwt_thunk *f, void *env);

// Calls f(env), and its outcome does not matter, unless it fails: then the hook
// is called, which prints the error and ends the program with 2 unless you set
// another one.
void lwt_async(lwt_thunk *f, void *env);
extern void (*lwt_async_exception_hook)(int error);

// ---------------------------------------------------------------------------
// Lwt_list: calls f(list[i], env) for each element, in order. _s waits for one
// promise before it makes the next (serial), _p makes all at once (parallel).
// The list, and the values, must live until the promise is resolved. lwt_list.c
// ---------------------------------------------------------------------------

struct promise *lwt_list_iter_s(lwt_function *f, void *env,
                                const intptr_t list[], size_t n);
struct promise *lwt_list_iter_p(lwt_function *f, void *env,
                                const intptr_t list[], size_t n);
struct promise *lwt_list_map_s(lwt_function *f, void *env,
                               const intptr_t list[], size_t n,
                               intptr_t values[]);
struct promise *lwt_list_map_p(lwt_function *f, void *env,
                               const intptr_t list[], size_t n,
                               intptr_t values[]);

// ---------------------------------------------------------------------------
// Lwt_mutex, Lwt_condition, Lwt_switch. Zeroed memory is a new one of each, and
// it must live as long as anybody waits. lwt_sync.c
// ---------------------------------------------------------------------------

// Those who wait, the longest first.
struct lwt_waiters {
    struct lwt_waiter *first, *last;
};

struct lwt_mutex {
    bool locked;
    struct lwt_waiters waiters;
};

struct promise *lwt_mutex_lock(struct lwt_mutex *mutex);

// Hands the mutex to who has waited longest. One that is not locked stays so.
void lwt_mutex_unlock(struct lwt_mutex *mutex);

// Locks, calls f(env), and unlocks when that is resolved, in whatever way.
struct promise *lwt_mutex_with_lock(struct lwt_mutex *mutex, lwt_thunk *f,
                                    void *env);

struct lwt_condition {
    struct lwt_waiters waiters;
};

// Returns with the value of a later signal or broadcast. The mutex, if it is
// not NULL, is unlocked meanwhile, and locked again in any case.
struct promise *lwt_condition_wait(struct lwt_condition *condition,
                                   struct lwt_mutex *mutex);

// Wakes one that waits, or all. If nobody waits, nothing happens.
void lwt_condition_signal(struct lwt_condition *condition, intptr_t value);
void lwt_condition_broadcast(struct lwt_condition *condition, intptr_t value);

struct lwt_switch {
    bool off;
    struct lwt_hook *hooks; // the newest first
};

// hook(env) will run when the switch is turned off. Returns 0, or -ESHUTDOWN if
// it is off (Lwt_switch.Off). No switch, NULL: nothing happens.
int lwt_switch_add_hook(struct lwt_switch *sw, lwt_thunk *hook, void *env);

// Calls all hooks, the newest first, and returns when all of them have. A
// switch that is never turned off leaks its hooks.
struct promise *lwt_switch_turn_off(struct lwt_switch *sw);

#endif
