// Small programs that show what each function of lwt.h does with promises that
// are resolved, that sleep, that fail, and that are cancelled. Those of
// programs.ml do the same on real Lwt. What both print is in table.txt; where
// ours differs, which is so by design, the line below says how.
//
// So that they can be read beside those, nobody owns a promise here. Each
// function below borrows what it gets, and keeps what it returns until the
// program is over: OCaml has a garbage collector for that.
#include "programs.h"
#include "examples/promises/lwt.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

// ---------------------------------------------------------------------------
// A program: its words, its promises, its resolvers
// ---------------------------------------------------------------------------

static FILE *lines;
static char words[500];
static struct promise *kept[32];
static struct resolver resolvers[4];
static int keeps;
static intptr_t values[3]; // of all, map and the like
static struct lwt_mutex mutex;
static struct lwt_condition condition;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    size_t len = strlen(words);
    va_list args;

    va_start(args, format);
    words[len++] = ' ';
    vsnprintf(words + len, sizeof(words) - len, format, args);
    va_end(args);
}

static struct promise *keep(struct promise *promise)
{
    kept[keeps++] = promise;
    return promise;
}

// The line is complete. What sleeps now is resolved after all, and what is said
// then, nobody hears.
static void end(void)
{
    if (words[0] != '\0') fprintf(lines, "%s\n", words);
    words[0] = '\0';
    for (int i = 0; i < 4; i++) resolver_drop(&resolvers[i]);
    while (condition.waiters.first != NULL)
        lwt_condition_broadcast(&condition, 0);
    while (mutex.locked) lwt_mutex_unlock(&mutex);
    while (keeps > 0) promise_drop(kept[--keeps]);
    words[0] = '\0';
}

// Ends the last program and begins the next.
static void program(const char *name)
{
    end();
    snprintf(words, sizeof(words), "%s:", name);
}

static const char *name_of(intptr_t outcome)
{
    static char name[20];

    if (outcome == -ECANCELED) return "Canceled";
    if (outcome == -ETIMEDOUT) return "Timeout";
    if (outcome == -ESHUTDOWN) return "Off";
    snprintf(name, sizeof(name), outcome < 0 ? "Fail-%ld" : "Return-%ld",
             labs((long)outcome));
    return name;
}

static void tell(const struct promise *promise)
{
    struct poll poll = promise_poll(promise);

    say("%s", poll.ready ? name_of(poll.value) : "Sleep");
}

// ---------------------------------------------------------------------------
// lwt.h, without owners
// ---------------------------------------------------------------------------

#define REF(promise) promise_clone(promise)
#define ENV(number) ((void *)(intptr_t)(number))

static struct promise *give(intptr_t value)
{
    return keep(promise_resolved(value));
}

static struct promise *fail(int n)
{
    return give(-n);
}

static struct promise *sleeps(int i)
{
    return keep(lwt_wait(&resolvers[i]));
}

static struct promise *task(int i)
{
    return keep(lwt_task(&resolvers[i]));
}

static void wake(int i, intptr_t outcome)
{
    lwt_wakeup(&resolvers[i], outcome);
}

static struct promise *then(struct promise *p, lwt_function *f, void *env)
{
    return keep(lwt_bind(REF(p), f, env));
}

static struct promise *map(struct promise *p, lwt_mapping *f, void *env)
{
    return keep(lwt_map(REF(p), f, env));
}

static struct promise *catch (struct promise *p, lwt_function *h, void *env)
{
    return keep(lwt_catch(REF(p), h, env));
}

static struct promise *try_bind(struct promise *p, lwt_function *f,
                                lwt_function *h, void *env)
{
    return keep(lwt_try_bind(REF(p), f, h, env));
}

static struct promise *finalize(struct promise *p, lwt_thunk *f, void *env)
{
    return keep(lwt_finalize(REF(p), f, env));
}

#define JOIN(...) keep(lwt_join(PROMISES(__VA_ARGS__)))
#define ALL(...) keep(lwt_all(PROMISES(__VA_ARGS__), values))
#define CHOOSE(...) keep(lwt_choose(PROMISES(__VA_ARGS__)))
#define PICK(...) keep(lwt_pick(PROMISES(__VA_ARGS__)))
#define NCHOOSE(...) keep(lwt_nchoose(PROMISES(__VA_ARGS__), values))

// ---------------------------------------------------------------------------
// What may follow a promise
// ---------------------------------------------------------------------------

static struct promise *plus(intptr_t value, void *n)
{
    return lwt_return(value + (intptr_t)n);
}

static intptr_t plus_map(intptr_t value, void *n)
{
    return value + (intptr_t)n;
}

static struct promise *says(intptr_t value, void *name)
{
    say("%s-%ld", (char *)name, (long)value);
    return lwt_return(value);
}

static struct promise *fails(intptr_t value, void *n)
{
    (void)value;
    return lwt_fail(-(int)(intptr_t)n);
}

static struct promise *gives(intptr_t value, void *promise)
{
    (void)value;
    return REF(promise);
}

static struct promise *handles(intptr_t error, void *name)
{
    say("%s-%s", (char *)name, name_of(error));
    return lwt_return(0);
}

// Says and returns it, but only after a pause.
static struct promise *pauses(intptr_t value, void *name)
{
    say("%s-%ld", (char *)name, (long)value);
    return lwt_bind(lwt_pause(), plus, (void *)value);
}

static struct promise *clean(void *name)
{
    say("%s", (char *)name);
    return lwt_return(0);
}

static struct promise *clean_fails(void *n)
{
    return fails(0, n);
}

static struct promise *clean_gives(void *promise)
{
    return REF(promise);
}

static void heard(void *name)
{
    say("%s", (char *)name);
}

static void show(struct promise *promise, char *name)
{
    try_bind(promise, says, handles, name);
}

// Says n values, or as many as were returned, and returns how many.
static struct promise *say_values(intptr_t value, void *n)
{
    if (n != NULL) value = (intptr_t)n;
    for (int i = 0; i < value; i++) say("%ld", (long)values[i]);
    return lwt_return(value);
}

static struct promise *say_values_0(intptr_t value, void *n)
{
    promise_drop(say_values(value, n));
    return lwt_return(0);
}

// On the executor thread: what main promises, and the end of the program.
static struct promise *run_end(intptr_t outcome, void *env)
{
    (void)env;
    say("%s", name_of(outcome));
    end();
    return lwt_return(0);
}

static struct promise *run_main(void *main)
{
    lwt_thunk **thunk = main;

    return lwt_try_bind((*thunk)(NULL), run_end, run_end, NULL);
}

static void run(lwt_thunk *main)
{
    lwt_main_run(run_main, &main);
}

// ---------------------------------------------------------------------------
// One promise after another
// ---------------------------------------------------------------------------

static struct promise *plus_inner(intptr_t value, void *outer)
{
    return says(value + (intptr_t)outer, "inner");
}

static struct promise *outer_inner(intptr_t value, void *inner)
{
    promise_drop(says(value, "outer"));
    return lwt_bind(REF(inner), plus_inner, (void *)value);
}

static void one_promise(void)
{
    struct promise *p, *q;

    program("return"), tell(give(1));
    program("fail"), tell(fail(7));
    program("wait"), tell(sleeps(0));
    program("task"), tell(task(0));
    program("wait_woken");
    p = sleeps(0), wake(0, 1), tell(p);
    program("wait_woken_exn");
    p = sleeps(0), wake(0, -7), tell(p);

    program("bind_resolved"), tell(then(give(1), plus, ENV(2)));
    program("bind_failed"), tell(then(fail(7), says, "f"));
    program("bind_calls_at_once");
    p = then(give(1), says, "f"), say("after"), tell(p);
    program("bind_f_fails"), tell(then(give(1), fails, ENV(7)));
    program("bind_pending");
    p = sleeps(0), q = then(p, plus, ENV(2));
    tell(q), wake(0, 1), tell(q), tell(p);
    program("bind_pending_fails");
    q = then(sleeps(0), says, "f"), wake(0, -7), tell(q);
    program("bind_pending_f_fails");
    p = sleeps(0), q = then(p, fails, ENV(7)), wake(0, 1), tell(q), tell(p);
    program("bind_gives_pending");
    q = then(give(0), gives, sleeps(0)), tell(q), wake(0, 1), tell(q);
    program("bind_becomes_pending");
    q = then(sleeps(0), gives, sleeps(1));
    wake(0, 1), tell(q), wake(1, 2), tell(q);
    program("bind_becomes_failing");
    q = then(sleeps(0), gives, sleeps(1)), wake(0, 1), wake(1, -7), tell(q);
    program("bind_chain");
    q = then(then(sleeps(0), says, "a"), plus, ENV(1));
    q = then(then(then(q, says, "b"), plus, ENV(1)), says, "c");
    wake(0, 1), tell(q);
    program("bind_nested");
    q = then(sleeps(0), outer_inner, sleeps(1));
    wake(0, 1), tell(q), wake(1, 2), tell(q);
    program("bind_error_in_chain");
    q = then(then(then(sleeps(0), says, "a"), fails, ENV(7)), says, "b");
    wake(0, 1), tell(q);
    program("bind_later_callback");
    q = then(sleeps(0), gives, sleeps(1)), wake(0, 1);
    show(q, "q"), say("registered"), wake(1, 2);

    program("map_resolved"), tell(map(give(1), plus_map, ENV(2)));
    program("map_failed"), tell(map(fail(7), plus_map, ENV(2)));
    program("map_pending");
    q = map(sleeps(0), plus_map, ENV(2)), tell(q), wake(0, 1), tell(q);
    program("map_pending_fails");
    q = map(sleeps(0), plus_map, ENV(2)), wake(0, -7), tell(q);
    program("catch_value"), tell(catch (give(1), handles, "h"));
    program("catch_failure"), tell(catch (fail(7), handles, "h"));
    program("catch_pending");
    q = catch (sleeps(0), handles, "h"), tell(q), wake(0, -7), tell(q);
    program("catch_pending_value");
    q = catch (sleeps(0), handles, "h"), wake(0, 1), tell(q);
    program("catch_fails_again"), tell(catch (fail(7), fails, ENV(16)));
    program("catch_gives_pending");
    q = catch (sleeps(0), gives, sleeps(1));
    wake(0, -7), tell(q), wake(1, 1), tell(q);
    program("try_bind_value"), tell(try_bind(give(1), says, handles, "f"));
    program("try_bind_failure"), tell(try_bind(fail(7), says, handles, "h"));
    program("try_bind_pending");
    q = try_bind(sleeps(0), says, handles, "f"), wake(0, 1), tell(q);
    program("try_bind_pending_fails");
    q = try_bind(sleeps(0), says, handles, "h"), wake(0, -7), tell(q);

    program("finalize_value"), tell(finalize(give(1), clean, "clean"));
    program("finalize_failure"), tell(finalize(fail(7), clean, "clean"));
    program("finalize_cleanup_fails");
    tell(finalize(give(1), clean_fails, ENV(16)));
    program("finalize_both_fail");
    tell(finalize(fail(7), clean_fails, ENV(16)));
    program("finalize_pending");
    q = finalize(sleeps(0), clean, "clean"), say("before"), wake(0, 1), tell(q);
    program("finalize_waits");
    q = finalize(fail(7), clean_gives, sleeps(0));
    tell(q), wake(0, 0), tell(q);
    program("finalize_cancelled");
    q = finalize(task(0), clean, "clean"), lwt_cancel(q), tell(q);
}

// ---------------------------------------------------------------------------
// Cancelling
// ---------------------------------------------------------------------------

static struct promise *says_after(intptr_t value, void *promise)
{
    (void)value;
    return lwt_bind(REF(promise), says, "f");
}

static struct promise *inner_two;

static struct promise *gives_after(intptr_t value, void *promise)
{
    (void)value;
    return lwt_bind(REF(promise), gives, inner_two);
}

static void cancelling(void)
{
    struct promise *p, *p1, *q;

    program("cancel_task"), p = task(0), lwt_cancel(p), tell(p);
    program("cancel_wait");
    p = sleeps(0), lwt_cancel(p), tell(p), wake(0, 1), tell(p);
    program("cancel_then_wakeup");
    p = task(0), lwt_cancel(p), wake(0, 1), tell(p);
    program("cancel_then_wakeup_exn");
    p = task(0), lwt_cancel(p), wake(0, -7), tell(p);
    program("cancel_twice");
    p = task(0), lwt_on_cancel(p, heard, "heard");
    lwt_cancel(p), lwt_cancel(p), tell(p);
    program("cancel_resolved"), p = give(1), lwt_cancel(p), tell(p);
    program("cancel_bind");
    p = task(0), q = then(p, says, "f"), lwt_cancel(q), tell(p), tell(q);
    program("cancel_bind_of_wait");
    p = sleeps(0), q = then(p, says, "f"), lwt_cancel(q), tell(p), tell(q);
    wake(0, 1), tell(q);
    program("cancel_inner");
    p = sleeps(0), p1 = task(1), q = then(p, gives, p1), wake(0, 1);
    lwt_cancel(q), tell(q), tell(p), tell(p1);
    program("cancel_inner_bind");
    p1 = task(1), q = then(sleeps(0), says_after, p1), wake(0, 1);
    lwt_cancel(q), tell(q), tell(p1);
    program("cancel_inner_twice_removed");
    inner_two = task(2), q = then(sleeps(0), gives_after, sleeps(1));
    wake(0, 1), wake(1, 1), lwt_cancel(q), tell(q), tell(inner_two);
    program("cancel_inner_of_inner");
    p1 = task(2), p = then(sleeps(0), gives, p1), wake(0, 1);
    q = then(sleeps(1), gives, p), wake(1, 1);
    lwt_cancel(q), tell(q), tell(p), tell(p1);
    program("cancel_chain");
    p = task(0), q = then(then(then(p, says, "a"), says, "b"), says, "c");
    lwt_cancel(q), tell(p), tell(q);
    program("cancel_caught");
    q = catch (task(0), handles, "h"), lwt_cancel(q), tell(q);
    program("cancel_map");
    q = map(task(0), plus_map, ENV(1)), lwt_cancel(q), tell(q);
    program("cancel_source_tells_bind");
    p = task(0), q = then(p, says, "f"), lwt_cancel(p), tell(q);
    program("fail_canceled");
    p = sleeps(0), lwt_on_cancel(p, heard, "heard"), wake(0, -ECANCELED);
    tell(p);
    program("on_cancel");
    p = task(0), lwt_on_cancel(p, heard, "heard"), lwt_cancel(p), tell(p);
    program("on_cancel_value");
    p = task(0), lwt_on_cancel(p, heard, "heard"), wake(0, 1), tell(p);
    program("on_cancel_failure");
    p = task(0), lwt_on_cancel(p, heard, "heard"), wake(0, -7), tell(p);
    program("on_cancel_goes_first");
    p = task(0), show(p, "p"), lwt_on_cancel(p, heard, "heard");
    lwt_cancel(p);
    program("on_cancel_newest_first");
    p = task(0), lwt_on_cancel(p, heard, "first");
    lwt_on_cancel(p, heard, "second"), lwt_cancel(p);
    program("on_cancel_too_late");
    p = task(0), lwt_cancel(p), lwt_on_cancel(p, heard, "heard"), tell(p);
    program("on_cancel_of_bind");
    p = task(0), q = then(p, says, "f"), lwt_on_cancel(q, heard, "q");
    lwt_on_cancel(p, heard, "p"), lwt_cancel(q);
    program("protected");
    p = task(0), q = keep(lwt_protected(REF(p))), lwt_cancel(q), tell(p);
    tell(q), wake(0, 1), tell(p), tell(q);
    program("protected_value");
    q = keep(lwt_protected(REF(task(0)))), wake(0, 1), tell(q);
    program("protected_resolved");
    q = keep(lwt_protected(REF(give(1)))), lwt_cancel(q), tell(q);
    program("no_cancel");
    p = task(0), q = keep(lwt_no_cancel(REF(p))), lwt_cancel(q), tell(p);
    tell(q), wake(0, 1), tell(q);
    program("no_cancel_source");
    p = task(0), q = keep(lwt_no_cancel(REF(p))), lwt_cancel(p), tell(q);
}

// ---------------------------------------------------------------------------
// Many at a time
// ---------------------------------------------------------------------------

static void joining(void)
{
    struct promise *p, *p1, *q;

    program("join_none"), tell(keep(lwt_join(NULL, 0)));
    program("join_resolved"), tell(JOIN(REF(give(0)), REF(give(0))));
    program("join_pending");
    p = sleeps(0), p1 = sleeps(1), q = JOIN(REF(p), REF(p1));
    wake(1, 0), tell(q), wake(0, 0), tell(q);
    program("join_failure_waits");
    q = JOIN(REF(fail(7)), REF(sleeps(0))), tell(q), wake(0, 0), tell(q);
    program("join_first_failure_in_time");
    q = JOIN(REF(sleeps(0)), REF(sleeps(1)));
    wake(1, -16), wake(0, -7), tell(q);
    program("join_first_failure_in_list");
    tell(JOIN(REF(give(0)), REF(fail(7)), REF(fail(16))));
    program("join_cancel");
    p = task(0), p1 = sleeps(1), q = JOIN(REF(p), REF(p1));
    lwt_cancel(q), tell(p), tell(p1), tell(q), wake(1, 0), tell(q);
    program("join_one_twice");
    p = sleeps(0), q = JOIN(REF(p), REF(p)), wake(0, 0), tell(q);

    program("both");
    q = keep(lwt_both(REF(give(1)), REF(give(2)), values));
    tell(then(q, say_values_0, ENV(2)));
    program("both_pending");
    q = keep(lwt_both(REF(sleeps(0)), REF(sleeps(1)), values));
    q = then(q, say_values_0, ENV(2));
    wake(1, 2), tell(q), wake(0, 1), tell(q);
    program("both_failure_waits");
    q = keep(lwt_both(REF(fail(7)), REF(sleeps(0)), values));
    tell(q), wake(0, 1), tell(q);
    program("all");
    q = ALL(REF(give(1)), REF(give(2)), REF(give(3)));
    tell(then(q, say_values_0, ENV(3)));
    program("all_keeps_the_order");
    q = ALL(REF(sleeps(0)), REF(give(2)), REF(sleeps(1)));
    q = then(q, say_values_0, ENV(3)), wake(1, 3), wake(0, 1), tell(q);
    program("all_failure_waits");
    q = ALL(REF(give(1)), REF(fail(7)), REF(sleeps(0)));
    tell(q), wake(0, 1), tell(q);
}

static void choosing(void)
{
    struct promise *p, *p1, *p2, *q;

    program("choose_resolved");
    tell(CHOOSE(REF(sleeps(0)), REF(give(2))));
    program("choose_failures_first");
    tell(CHOOSE(REF(give(1)), REF(fail(7)), REF(give(2))));
    program("choose_pending");
    q = CHOOSE(REF(sleeps(0)), REF(sleeps(1)));
    tell(q), wake(1, 2), tell(q), wake(0, 1), tell(q);
    program("choose_pending_fails");
    q = CHOOSE(REF(sleeps(0)), REF(sleeps(1))), wake(0, -7), tell(q);
    program("choose_leaves_the_loser");
    p1 = task(1), q = CHOOSE(REF(task(0)), REF(p1));
    wake(0, 1), tell(q), tell(p1);
    program("choose_cancel");
    p = task(0), p1 = task(1), q = CHOOSE(REF(p), REF(p1));
    lwt_cancel(q), tell(q), tell(p), tell(p1);

    program("pick_resolved");
    p = task(0), tell(PICK(REF(p), REF(give(2)))), tell(p);
    program("pick_failures_first");
    p = task(0), tell(PICK(REF(give(1)), REF(p), REF(fail(7)))), tell(p);
    program("pick_pending");
    p1 = task(1), p2 = sleeps(2), q = PICK(REF(task(0)), REF(p1), REF(p2));
    tell(q), wake(0, 1), tell(q), tell(p1), tell(p2);
    program("pick_pending_fails");
    p1 = task(1), q = PICK(REF(task(0)), REF(p1));
    wake(0, -7), tell(q), tell(p1);
    program("pick_tells_the_loser_first");
    p = task(0), p1 = task(1), lwt_on_cancel(p1, heard, "loser");
    q = PICK(REF(p), REF(p1)), show(q, "q"), wake(0, 1);
    program("pick_tells_through_binds");
    p1 = then(then(task(1), says, "never"), says, "never");
    show(p1, "loser");
    q = PICK(REF(then(task(0), says, "winner")), REF(p1));
    show(q, "q"), wake(0, 1);
    program("pick_cancel");
    p = task(0), p1 = task(1), q = PICK(REF(p), REF(p1));
    lwt_cancel(q), tell(q), tell(p), tell(p1);

    program("nchoose_resolved");
    q = NCHOOSE(REF(give(1)), REF(sleeps(0)), REF(give(3)));
    tell(then(q, say_values, NULL));
    program("nchoose_pending");
    q = then(NCHOOSE(REF(sleeps(0)), REF(sleeps(1))), say_values, NULL);
    tell(q), wake(1, 2), tell(q), wake(0, 1), tell(q);
    program("nchoose_failure");
    tell(then(NCHOOSE(REF(give(1)), REF(fail(7))), say_values, NULL));
    program("nchoose_pending_fails");
    q = then(NCHOOSE(REF(sleeps(0)), REF(sleeps(1))), say_values, NULL);
    wake(0, -7), tell(q);
}

// ---------------------------------------------------------------------------
// Lists
// ---------------------------------------------------------------------------

static const intptr_t list[] = { 1, 2, 3 };

static struct promise *stops_at_2(intptr_t value, void *env)
{
    (void)env;
    say("f-%ld", (long)value);
    return promise_resolved(value == 2 ? -7 : value);
}

static struct promise *fails_itself(intptr_t value, void *env)
{
    (void)env;
    return promise_resolved(-value);
}

// For one element a failure, for the others a promise that sleeps.
static intptr_t which_fails;

static struct promise *fails_or_sleeps(intptr_t value, void *promise)
{
    return value == which_fails ? lwt_fail(-7) : REF(promise);
}

static struct promise *pauses_says(intptr_t value, void *env)
{
    (void)env;
    return lwt_bind(pauses(value, "f"), says, "g");
}

static struct promise *iter_s_pending(void *env)
{
    (void)env;
    return lwt_list_iter_s(pauses, "f", list, 3);
}

static struct promise *iter_p(void *env)
{
    return lwt_list_iter_p(pauses_says, env, list, 3);
}

static struct promise *map_s_pending(void *env)
{
    (void)env;
    return lwt_bind(lwt_list_map_s(pauses, "f", list, 3, values), say_values,
                    ENV(3));
}

static struct promise *map_p_pending(void *env)
{
    (void)env;
    return lwt_bind(lwt_list_map_p(pauses, "f", list, 3, values), say_values,
                    ENV(3));
}

static void lists(void)
{
    struct promise *q;

    program("iter_s"), tell(keep(lwt_list_iter_s(says, "f", list, 3)));
    program("iter_s_none"), tell(keep(lwt_list_iter_s(says, "f", list, 0)));
    program("iter_s_stops");
    tell(keep(lwt_list_iter_s(stops_at_2, NULL, list, 3)));
    program("iter_s_pending"), run(iter_s_pending);
    program("iter_p"), run(iter_p);
    program("iter_p_failures");
    tell(keep(lwt_list_iter_p(fails_itself, NULL, list, 3)));
    program("map_s");
    q = keep(lwt_list_map_s(plus, ENV(10), list, 3, values));
    tell(then(q, say_values, ENV(3)));
    program("map_s_pending"), run(map_s_pending);
    program("map_p_pending"), run(map_p_pending);
    program("map_p_failures");
    tell(keep(lwt_list_map_p(fails_itself, NULL, list, 3, values)));
    program("map_p_failure_waits"), which_fails = 1;
    q = keep(lwt_list_map_p(fails_or_sleeps, sleeps(0), list, 2, values));
    tell(q), wake(0, 1), tell(q);
    program("map_p_failure_does_not_wait"), which_fails = 2;
    tell(keep(lwt_list_map_p(fails_or_sleeps, sleeps(0), list, 2, values)));
}

// ---------------------------------------------------------------------------
// Mutex, condition, switch
// ---------------------------------------------------------------------------

static struct promise *says_1(void *name)
{
    return says(1, name);
}

static struct promise *says_2(void *name)
{
    return says(2, name);
}

static struct promise *in_out(void *value)
{
    return lwt_bind(pauses((intptr_t)value, "in"), says, "out");
}

static struct promise *in_out_3(void *env)
{
    struct promise *p1 = lwt_mutex_with_lock(&mutex, in_out, ENV(1));
    struct promise *p2 = lwt_mutex_with_lock(&mutex, in_out, ENV(2));
    struct promise *p3 = lwt_mutex_with_lock(&mutex, in_out, ENV(3));

    (void)env;
    return lwt_join(PROMISES(p1, p2, p3));
}

static struct promise *lock(void)
{
    return keep(lwt_mutex_lock(&mutex));
}

static struct promise *with_lock(lwt_thunk *f, void *env)
{
    return keep(lwt_mutex_with_lock(&mutex, f, env));
}

static struct promise *cond_wait(struct lwt_mutex *unlocked)
{
    return keep(lwt_condition_wait(&condition, unlocked));
}

static struct promise *waits_again(intptr_t value, void *env)
{
    (void)env;
    say("again");
    show(cond_wait(NULL), "w");
    return lwt_return(value);
}

static void locks(void)
{
    struct promise *p, *q;

    program("mutex_lock"), tell(lock()), tell(lock());
    program("mutex_in_order");
    lock(), show(lock(), "a"), show(lock(), "b");
    lwt_mutex_unlock(&mutex), say("unlocked"), lwt_mutex_unlock(&mutex);
    program("mutex_with_lock"), run(in_out_3);
    program("mutex_after_with_lock");
    show(with_lock(clean_gives, sleeps(0)), "done");
    with_lock(says_2, "second"), wake(0, 1);
    program("mutex_failure");
    tell(with_lock(clean_fails, ENV(7))), tell(lock());
    program("mutex_cancelled_waiter");
    lock(), p = with_lock(says_1, "a"), q = with_lock(says_2, "b");
    lwt_cancel(p), tell(p), lwt_mutex_unlock(&mutex), tell(q);
    program("mutex_unlock_unlocked");
    lwt_mutex_unlock(&mutex), tell(lock());

    program("condition_signal");
    p = cond_wait(NULL), q = cond_wait(NULL);
    lwt_condition_signal(&condition, 1), tell(p), tell(q);
    program("condition_signal_lost");
    lwt_condition_signal(&condition, 1), tell(cond_wait(NULL));
    program("condition_broadcast");
    p = cond_wait(NULL), q = cond_wait(NULL);
    lwt_condition_broadcast(&condition, 1), tell(p), tell(q);
    program("condition_broadcast_again");
    then(cond_wait(NULL), waits_again, NULL);
    lwt_condition_broadcast(&condition, 1), say("broadcast");
    lwt_condition_broadcast(&condition, 2);
    program("condition_cancelled_waiter");
    p = cond_wait(NULL), q = cond_wait(NULL);
    lwt_cancel(p), lwt_condition_signal(&condition, 1), tell(p), tell(q);
    program("condition_mutex");
    lock(), p = cond_wait(&mutex), tell(lock());
    lwt_condition_signal(&condition, 1), tell(p);
    lwt_mutex_unlock(&mutex), tell(p);
    program("condition_mutex_cancelled");
    lock(), p = cond_wait(&mutex), lwt_cancel(p), tell(p), tell(lock());
}

static void switches(void)
{
    struct lwt_switch s[4] = { { .off = false } };
    struct promise *q;

    program("switch");
    lwt_switch_add_hook(&s[0], clean, "first");
    lwt_switch_add_hook(&s[0], clean, "second");
    tell(keep(lwt_switch_turn_off(&s[0])));
    program("switch_waits");
    lwt_switch_add_hook(&s[1], clean_gives, sleeps(0));
    lwt_switch_add_hook(&s[1], clean, "hook");
    q = keep(lwt_switch_turn_off(&s[1])), tell(q), wake(0, 0), tell(q);
    program("switch_hook_fails");
    lwt_switch_add_hook(&s[2], clean, "hook");
    lwt_switch_add_hook(&s[2], clean_fails, ENV(7));
    tell(keep(lwt_switch_turn_off(&s[2])));
    program("switch_off"), keep(lwt_switch_turn_off(&s[3]));
    tell(give(lwt_switch_add_hook(&s[3], clean, "hook")));
    tell(keep(lwt_switch_turn_off(&s[3])));
    program("switch_none");
    lwt_switch_add_hook(NULL, clean, "hook"), say("nothing");
}

// ---------------------------------------------------------------------------
// The loop
// ---------------------------------------------------------------------------

static struct promise *step(intptr_t value, void *name)
{
    say("%s%ld", (char *)name, (long)value);
    return lwt_pause();
}

static struct promise *take_turns(void *env)
{
    static const intptr_t steps[] = { 0, 1, 2 };

    (void)env;
    struct promise *a = lwt_list_iter_s(step, "a", steps, 3);
    struct promise *b = lwt_list_iter_s(step, "b", steps, 3);
    return lwt_join(PROMISES(a, b));
}

static struct promise *pause_cancelled(void *env)
{
    struct promise *p = lwt_pause();

    (void)env;
    lwt_cancel(p);
    return p;
}

static struct promise *sleep_in_order(void *env)
{
    (void)env;
    return lwt_join(PROMISES(lwt_bind(lwt_unix_sleep(.02), says, "late"),
                             lwt_bind(lwt_unix_sleep(.01), says, "early")));
}

static struct promise *sleep_cancelled(void *env)
{
    struct promise *p = lwt_unix_sleep(9);

    (void)env;
    lwt_cancel(p);
    return p;
}

static struct promise *returns_1(void *env)
{
    (void)env;
    return lwt_return(1);
}

static struct promise *returns_1_later(void *env)
{
    (void)env;
    return lwt_bind(lwt_pause(), plus, ENV(1));
}

static struct promise *never(void *env)
{
    struct promise *p = task(0);

    (void)env;
    lwt_on_cancel(p, heard, "cancelled");
    return REF(p);
}

static struct promise *timeout_value(void *env)
{
    return lwt_unix_with_timeout(9, returns_1, env);
}

static struct promise *timeout_value_later(void *env)
{
    return lwt_unix_with_timeout(9, returns_1_later, env);
}

static struct promise *timeout_passes(void *env)
{
    return lwt_unix_with_timeout(.01, never, env);
}

static struct promise *timeout_failure(void *env)
{
    (void)env;
    return lwt_unix_with_timeout(9, clean_fails, ENV(7));
}

static struct promise *fails_7(void *env)
{
    (void)env;
    return lwt_fail(-7);
}

static void say_hook(int error)
{
    say("hook-%s", name_of(error));
}

static void loop(void)
{
    program("pause_takes_turns"), run(take_turns);
    program("pause_cancelled"), run(pause_cancelled);
    program("sleep_in_order"), run(sleep_in_order);
    program("sleep_cancelled"), run(sleep_cancelled);
    program("timeout_value"), run(timeout_value);
    program("timeout_value_later"), run(timeout_value_later);
    program("timeout_passes"), run(timeout_passes);
    program("timeout_failure"), run(timeout_failure);
    lwt_async_exception_hook = say_hook;
    program("async"), lwt_async(returns_1, NULL), say("after");
    program("async_failure");
    lwt_async(clean_fails, ENV(7)), say("after");
    program("async_failure_later");
    lwt_async(clean_gives, sleeps(0)), say("after"), wake(0, -7);
    program("main_run_failure"), run(fails_7);
}

// ---------------------------------------------------------------------------
// Order
// ---------------------------------------------------------------------------

static struct promise *wakes_1(intptr_t value, void *env)
{
    (void)env;
    wake(1, 2);
    say("woken");
    return lwt_return(value);
}

static struct promise *wakes_cancels_wakes(intptr_t value, void *promise)
{
    wake(1, 2);
    lwt_cancel(promise);
    wake(2, 3);
    return lwt_return(value);
}

static struct promise *tells(intptr_t value, void *promise)
{
    tell(promise);
    return lwt_return(value);
}

static struct promise *source;

static struct promise *cancels(intptr_t value, void *promise)
{
    lwt_cancel(promise);
    tell(source);
    tell(promise);
    return lwt_return(value);
}

static struct promise *gives_at(intptr_t value, void *place)
{
    return gives(value, *(struct promise **)place);
}

static void order(void)
{
    struct promise *p, *p1, *q;

    program("order_of_callbacks");
    p = sleeps(0), show(p, "first"), show(p, "second"), wake(0, 1);
    program("order_wakeup_in_callback");
    p = sleeps(0), show(sleeps(1), "p'");
    show(then(p, wakes_1, NULL), "p"), wake(0, 1);
    program("order_wakeup_goes_last");
    p = sleeps(0), show(sleeps(1), "p'"), show(p, "p");
    then(p, wakes_1, NULL), show(p, "p"), wake(0, 1);
    program("order_wakeup_after_cancel");
    p = sleeps(0), q = task(3), show(sleeps(1), "p'"), show(sleeps(2), "p''");
    show(q, "q"), then(p, wakes_cancels_wakes, q), wake(0, 1);
    program("order_of_consequences");
    q = then(sleeps(0), says, "a"), show(then(q, says, "b"), "c"), wake(0, 1);
    program("order_state_in_callback");
    p = sleeps(0), q = then(p, says, "f"), then(p, tells, q), wake(0, 1);
    program("order_of_callback_and_proxy");
    p1 = sleeps(1), show(p1, "inner"), q = then(sleeps(0), gives, p1);
    show(q, "outer"), wake(0, 1), wake(1, 2);
    program("order_cancel_in_callback");
    source = task(1), q = then(source, says, "f");
    then(sleeps(0), cancels, q), wake(0, 1), tell(q);
    program("bind_gives_itself");
    q = then(sleeps(0), gives_at, &q), wake(0, 1), tell(q);
}

const struct lwt_part lwt_parts[] = {
    { "one_promise", one_promise },
    { "cancelling", cancelling },
    { "joining", joining },
    { "choosing", choosing },
    { "lists", lists },
    { "locks", locks },
    { "switches", switches },
    { "loop", loop },
    { "order", order },
    { NULL, NULL },
};

void lwt_part_run(const struct lwt_part *part, FILE *out)
{
    lines = out;
    part->run();
    end();
}
