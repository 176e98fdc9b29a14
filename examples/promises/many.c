// Many promises at a time: join, both, all, choose, pick, and lists.
#include "show.h"

static struct promise *end(intptr_t value, void *outcome)
{
    (void)value;
    return promise_resolved((intptr_t)outcome);
}

// Returns the value, or fails with it, after so many seconds.
static struct promise *later(double seconds, intptr_t outcome)
{
    return lwt_bind(lwt_unix_sleep(seconds), end, (void *)outcome);
}

// The failure is known after .1 s, but the other one still runs.
static struct promise *join_waits(void *env)
{
    (void)env;
    return then_print("join",
                      lwt_join(PROMISES(later(.1, -E2BIG), later(.3, 1))));
}

static struct promise *values_in_order(void *env)
{
    intptr_t two[2], three[3];

    (void)env;
    promise_drop(lwt_both(lwt_return(1), lwt_return(2), two));
    printf("both: %ld %ld\n", (long)two[0], (long)two[1]);
    promise_drop(
        lwt_all(PROMISES(lwt_return(1), lwt_return(2), lwt_return(3)), three));
    printf("all: %ld %ld %ld\n", (long)three[0], (long)three[1],
           (long)three[2]);
    return lwt_return(0);
}

static struct promise *choose_is_fair(void *env)
{
    int taken[3] = { 0, 0, 0 };

    (void)env;
    for (int i = 0; i < 3000; i++) {
        struct promise *p =
            lwt_choose(PROMISES(lwt_return(0), lwt_return(1), lwt_return(2)));
        taken[promise_poll(p).value]++;
        promise_drop(p);
    }
    printf("choose, of three that are resolved: %d %d %d times\n", taken[0],
           taken[1], taken[2]);
    return lwt_return(0);
}

static void cancelled(void *env)
{
    (void)env;
    printf("on_cancel of the loser\n");
}

static struct promise *won(intptr_t value, void *env)
{
    (void)env;
    printf("winner\n");
    return lwt_return(value);
}

// One that returns after .1 s against one that would after .3 s.
static struct promise *race(struct promise *first(struct promise *promises[],
                                                  size_t n))
{
    struct promise *winner = lwt_bind(later(.1, 1), won, NULL);
    struct promise *loser = later(.3, 2);

    lwt_on_cancel(loser, cancelled, NULL);
    return first(PROMISES(winner, loser));
}

static struct promise *choose_leaves(void *env)
{
    (void)env;
    return then_print("choose resolved", race(lwt_choose));
}

// The loser runs on: its cancel callback is never heard of.
static struct promise *pick_cancels(void *env)
{
    (void)env;
    return then_print("pick resolved", race(lwt_pick));
}

// Twice the element, after about .1 s: the later ones come first.
static struct promise *doubled(intptr_t value, void *env)
{
    (void)env;
    return later(.11 - .01 * (double)value, 2 * value);
}

static const intptr_t list[] = { 0, 1, 2 };
static intptr_t values[3];

static struct promise *one_by_one(void *env)
{
    (void)env;
    return then_print("iter_s", lwt_list_iter_s(doubled, NULL, list, 3));
}

static struct promise *all_at_once(void *env)
{
    (void)env;
    return then_print("iter_p", lwt_list_iter_p(doubled, NULL, list, 3));
}

static struct promise *print_values(intptr_t value, void *env)
{
    (void)value, (void)env;
    printf("map_p: %ld %ld %ld\n", (long)values[0], (long)values[1],
           (long)values[2]);
    return lwt_return(0);
}

static struct promise *map_keeps_order(void *env)
{
    (void)env;
    return lwt_bind(lwt_list_map_p(doubled, NULL, list, 3, values),
                    print_values, NULL);
}

int main(void)
{
    static lwt_thunk *const steps[] = { join_waits,     values_in_order,
                                        choose_is_fair, choose_leaves,
                                        pick_cancels,   one_by_one,
                                        all_at_once,    map_keeps_order };

    return run_steps(steps, sizeof(steps) / sizeof(steps[0]));
}

// Expected output, in this order, after so many seconds:
//
//     0.3  join: Fail(E2BIG)
//     0.3  both: 1 2
//     0.3  all: 1 2 3
//     0.3  choose, of three that are resolved: <1038> <943> <1019> times
//     0.4  winner
//     0.4  choose resolved: Return 1
//     0.5  winner
//     0.5  on_cancel of the loser
//     0.5  pick resolved: Return 1
//     0.8  iter_s: Return 0
//     0.9  iter_p: Return 0
//     1.0  map_p: 0 2 4
