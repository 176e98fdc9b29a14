// Lwt_list: a function for each element of a list, serial or parallel.
//
// In OCaml the serial ones are recursive functions with a bind in each round.
// Here the loop's variables are in a struct, and the loop goes on when the
// promise of the round is resolved. Where that is resolved already there is no
// callback at all, and so no deeper stack.
#include "lwt.h"

struct walk {
    lwt_function *f;
    void *env;
    const intptr_t *list;
    struct promise **made; // map_p: all of f's promises; else NULL
    size_t n, done;
    intptr_t *values; // of map; else NULL
};

// Which one is next: the last that is left, if they are all there. Lwt takes
// them in that order, and so who of several failures is told of depends on it.
static size_t walk_place(const struct walk *self)
{
    return self->made != NULL ? self->n - 1 - self->done : self->done;
}

static void walk_keep(struct walk *self, intptr_t value)
{
    if (self->values != NULL) self->values[walk_place(self)] = value;
    self->done++;
}

static struct promise *walk_on(intptr_t value, void *env);

// From here to the end, or to the next promise that sleeps.
static struct promise *walk(struct walk *self, intptr_t value)
{
    while (value >= 0 && self->done < self->n) {
        size_t i = walk_place(self);
        struct promise *promise = self->made != NULL
                                      ? self->made[i]
                                      : self->f(self->list[i], self->env);
        struct poll poll = promise_poll(promise);
        if (!poll.ready) return lwt_try_bind(promise, walk_on, walk_on, self);
        promise_drop(promise);
        value = poll.value;
        walk_keep(self, value);
    }
    if (self->made != NULL)
        while (self->done < self->n) {
            promise_drop(self->made[walk_place(self)]);
            self->done++;
        }
    free(self->made);
    free(self);
    return promise_resolved(value < 0 ? value : 0);
}

static struct promise *walk_on(intptr_t value, void *env)
{
    walk_keep(env, value);
    return walk(env, value);
}

static struct walk *walk_new(lwt_function *f, void *env, const intptr_t list[],
                             size_t n, intptr_t values[])
{
    struct walk *self = promise_malloc(sizeof(*self));

    *self = (struct walk){ f, env, list, NULL, n, 0, values };
    return self;
}

struct promise *lwt_list_iter_s(lwt_function *f, void *env,
                                const intptr_t list[], size_t n)
{
    return walk(walk_new(f, env, list, n, NULL), 0);
}

struct promise *lwt_list_map_s(lwt_function *f, void *env,
                               const intptr_t list[], size_t n,
                               intptr_t values[])
{
    return walk(walk_new(f, env, list, n, values), 0);
}

struct promise *lwt_list_map_p(lwt_function *f, void *env,
                               const intptr_t list[], size_t n,
                               intptr_t values[])
{
    struct walk *self = walk_new(f, env, list, n, values);

    self->made = promise_malloc((n + 1) * sizeof(struct promise *)); // not 0
    for (size_t i = 0; i < n; i++) self->made[i] = f(list[i], env);
    return walk(self, 0);
}

// join, but in the order that Lwt has here: the last one's failure counts.
struct promise *lwt_list_iter_p(lwt_function *f, void *env,
                                const intptr_t list[], size_t n)
{
    struct promise **made = promise_malloc((n + 1) * sizeof(*made));

    for (size_t i = 0; i < n; i++) made[n - 1 - i] = f(list[i], env);
    struct promise *joined = lwt_join(made, n);
    free(made);
    return joined;
}
