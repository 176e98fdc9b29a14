// How much stack a loop of binds takes. Built without optimisation (-O0), since
// gcc and clang make jumps of some calls.
//
// A bind on a resolved promise calls its function at once, which binds again,
// which calls ... so each round stands on the stack of the one before. With a
// promise that sleeps, the function is called from the queue when the round
// before has returned. So a loop that may never sleep takes a pause.
//
//     the promise in the loop   stack
//     resolved                  grows with each round, until the program crashes
//     sleeps, or a pause        stays as it is
#define _POSIX_C_SOURCE 200809L
#include "lwt.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 1000, TOO_MANY = 100000 };

struct loop {
    int rounds;
    bool pauses;
    char *first, *last; // an address on the stack, in the first and last round
};

static struct promise *next(intptr_t value, void *env)
{
    struct loop *self = env;
    char here;

    (void)value;
    if (self->first == NULL) self->first = &here;
    self->last = &here;
    if (self->rounds-- == 0) return lwt_return(0);
    return lwt_bind(self->pauses ? lwt_pause() : lwt_return(0), next, self);
}

static struct promise *start(void *loop)
{
    return next(0, loop);
}

static long bytes_per_round(bool pauses)
{
    struct loop loop = { .rounds = ROUNDS, .pauses = pauses };

    lwt_main_run(start, &loop);
    return (loop.first - loop.last) / ROUNDS;
}

// In a process of its own, on a stack of 512 KiB. (The 8 MiB that main has would
// not do either: see how many bytes a round takes.) No core file, please.
static bool crashes(void)
{
    int status;

    if (fork() == 0) {
        pthread_attr_t attr;
        pthread_t thread;
        struct loop loop = { .rounds = TOO_MANY };

        setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
        signal(SIGSEGV, SIG_DFL); // a sanitizer would tell of it at length
        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, 512 << 10);
        pthread_create(&thread, &attr, (void *(*)(void *))start, &loop);
        pthread_join(thread, NULL);
        _exit(0);
    }
    wait(&status);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

int main(void)
{
    bool crashed = crashes(); // first, as this process has no threads yet

    printf("a resolved promise: %ld bytes a round\n", bytes_per_round(false));
    printf("a pause: %ld bytes a round\n", bytes_per_round(true));
    printf("%d rounds of a resolved promise: %s\n", TOO_MANY,
           crashed ? "a crash" : "no crash");
    return 0;
}

// Expected output, in this order, after so many seconds:
//
//     0  a resolved promise: <208> bytes a round
//     0  a pause: 0 bytes a round
//     0  100000 rounds of a resolved promise: a crash
