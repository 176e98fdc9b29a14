// Four exercises of the Mirage tutorial on Lwt, with callbacks. The program
// challenges_await does the same, line for line, with async blocks.
#include "show.h"

// ---------------------------------------------------------------------------
// 1. Two sleep at the same time; when both are done, it says so
// ---------------------------------------------------------------------------

static struct promise *print_line(intptr_t value, void *line)
{
    (void)value;
    printf("%s\n", (char *)line);
    return lwt_return(0);
}

static struct promise *sleep_and_join(void *env)
{
    (void)env;
    return lwt_bind(
        lwt_join(PROMISES(lwt_bind(lwt_unix_sleep(1), print_line, "Heads"),
                          lwt_bind(lwt_unix_sleep(2), print_line, "Tails"))),
        print_line, "Finished");
}

// ---------------------------------------------------------------------------
// 2. Echoes ten lines. A loop is a function that binds itself.
// ---------------------------------------------------------------------------

static int number; // of the line; C has no closure to keep it in

static struct promise *read_line(void)
{
    return lwt_unix_sleep(.01);
}

static struct promise *echo(intptr_t value, void *env)
{
    (void)value;
    printf("line %d\n", ++number);
    return number == 10 ? lwt_return(0) : lwt_bind(read_line(), echo, env);
}

static struct promise *echo_server(void *env)
{
    return lwt_bind(read_line(), echo, env);
}

// ---------------------------------------------------------------------------
// 3. Some value, if it comes within the delay; but it tells only after it
// ---------------------------------------------------------------------------

// A value here is a string, so that NULL can be None.
static struct promise *print_option(intptr_t option, void *title)
{
    if (option != 0)
        printf("%s: Some %s\n", (char *)title, (char *)option);
    else
        printf("%s: None\n", (char *)title);
    return lwt_return(0);
}

static struct promise *then_return(intptr_t value, void *env)
{
    (void)value;
    return lwt_return((intptr_t)env);
}

static struct promise *tea(double seconds)
{
    return lwt_bind(lwt_unix_sleep(seconds), then_return, "tea");
}

static struct promise *look(intptr_t value, void *promise)
{
    (void)value;
    if (lwt_state(promise) != PROMISE_SLEEP) return promise;
    lwt_cancel(promise);
    promise_drop(promise);
    return lwt_return(0);
}

static struct promise *timeout(double delay, struct promise *promise)
{
    return lwt_bind(lwt_unix_sleep(delay), look, promise);
}

static struct promise *soon_3(void *env)
{
    (void)env;
    return lwt_bind(timeout(.3, tea(.1)), print_option, "3");
}

static struct promise *late_3(void *env)
{
    (void)env;
    return lwt_bind(timeout(.3, tea(9)), print_option, "3");
}

// ---------------------------------------------------------------------------
// 4. The same, but tells at once
// ---------------------------------------------------------------------------

static struct promise *better_timeout(double delay, struct promise *promise)
{
    return lwt_pick(
        PROMISES(lwt_bind(lwt_unix_sleep(delay), then_return, NULL), promise));
}

static struct promise *soon_4(void *env)
{
    (void)env;
    return lwt_bind(better_timeout(.3, tea(.1)), print_option, "4");
}

static struct promise *late_4(void *env)
{
    (void)env;
    return lwt_bind(better_timeout(.3, tea(9)), print_option, "4");
}

int main(void)
{
    static lwt_thunk *const steps[] = { sleep_and_join, echo_server, soon_3,
                                        late_3,         soon_4,      late_4 };

    return run_steps(steps, sizeof(steps) / sizeof(steps[0]));
}

// Expected output, in this order, after so many seconds:
//
//     1.0  Heads
//     2.0  Tails
//     2.0  Finished
//     2.0  line 1
//     2.0  line 2
//     2.0  line 3
//     2.0  line 4
//     2.1  line 5
//     2.1  line 6
//     2.1  line 7
//     2.1  line 8
//     2.1  line 9
//     2.1  line 10
//     2.4  3: Some tea
//     2.7  3: None
//     2.8  4: Some tea
//     3.1  4: None
