// Stacks, and how a thread goes from one to another.
//
// A call in C pushes its return address on the stack, and a return takes it off.
// So whoever changes the stack pointer between the two returns somewhere else.
// C has a pair of functions for this. _setjmp(place) notes where we are and
// returns 0; _longjmp(place, 1) goes there, and that same _setjmp returns 1. It
// is meant for leaving nested calls, but a place on another stack will do, too.
//
// _setjmp can only note where we are, and nobody is on a new stack. The first
// time makecontext and setcontext lead there. They could do the rest as well,
// but they also set the signal mask, with a system call each time. On our
// machine that is 225 nanoseconds instead of 10.
//
// Tools that watch the memory of a program have to be told: the address and
// the thread sanitizer, and valgrind.
#undef _FORTIFY_SOURCE // it aborts a _longjmp that does not leave nested calls
#define _GNU_SOURCE    // for MAP_ANONYMOUS, MAP_NORESERVE
#include "stack.h"

#define TRALE_NO_UDP
#include "trale.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

// ---------------------------------------------------------------------------
// Those who watch
// ---------------------------------------------------------------------------

#ifdef __has_feature // clang's way to ask
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

// Both have a _longjmp of their own, which takes it for leaving nested calls. The
// address sanitizer then forgets what is poisoned on the stack, and finds no
// overflow of a local any more. (Its swapcontext forgets it, too.) They have no
// getcontext and setcontext of their own, so with them we use these.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
struct place {
    ucontext_t context;
    bool left;
};
#define LEFT(place) \
    ((place)->left = true, getcontext(&(place)->context), (place)->left)
#define GO_ON(place) ((place)->left = false, setcontext(&(place)->context))
#else
struct place {
    jmp_buf jump;
};
#define LEFT(place) (_setjmp((place)->jump) == 0)
#define GO_ON(place) _longjmp((place)->jump, 1)
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#define START_SWITCH __sanitizer_start_switch_fiber
#define FINISH_SWITCH __sanitizer_finish_switch_fiber
#else
#define START_SWITCH(keep, bottom, size) ((void)(keep))
#define FINISH_SWITCH(kept, bottom, size) ((void)(kept), (void)(bottom))
#endif

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#else
#define __tsan_create_fiber(flags) NULL
#define __tsan_destroy_fiber(fiber) ((void)0)
#define __tsan_get_current_fiber() NULL
#define __tsan_switch_to_fiber(fiber, flags) ((void)0)
#endif

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define VALGRIND_STACK_REGISTER(bottom, top) 0
#define VALGRIND_STACK_DEREGISTER(id) ((void)(id))
#endif

// musl declares these functions, but does not have them.
#ifndef __GLIBC__
#define getcontext(context) ((void)(context))
#define setcontext(context) ((void)(context))
#define makecontext(context, function, argc) \
    ((void)(function),                       \
     panic("no fiber can begin: this libc has no makecontext, glibc has"))
#endif

// ---------------------------------------------------------------------------
// A stack
// ---------------------------------------------------------------------------

// It stands at the top of its own memory:
//
//     memory                memory + STACK_GUARD             struct stack
//     | nobody may touch it | ...  <-- grows down | trampoline |          |
struct stack {
    struct place outside, inside; // where to go on, out there and in here
    char *memory;
    const char *name;
    void (*function)(void *arg); // NULL: it has returned
    void *arg;
    bool begun;
    struct stack *next; // in the cache
    // For those who watch: our own state and that of who has entered us.
    void *fake, *outer_fake, *tsan, *outer_tsan;
    const void *outer_bottom;
    size_t outer_size;
    unsigned valgrind;
};

// The innermost stack that this thread has entered, or NULL.
static _Thread_local struct stack *entered;

// To ask the kernel for a stack and to give it back takes some microseconds, and
// all else that a fiber does takes less than one. So a few are kept.
enum { CACHE_MAX = 64 };
static struct {
    pthread_mutex_t lock; // guards all of this
    struct stack *first;
    int count;   // of the cached ones
    size_t used; // how many others there are
} cache = { .lock = PTHREAD_MUTEX_INITIALIZER };

size_t stack_count(void)
{
    pthread_mutex_lock(&cache.lock);
    size_t used = cache.used;
    pthread_mutex_unlock(&cache.lock);
    return used;
}

// ---------------------------------------------------------------------------
// A stack that was used up
//
// The write below the stack meets the guard. The kernel then sends SIGSEGV, but
// there is no stack left to run a handler on: it needs one of its own.
// ---------------------------------------------------------------------------

static struct sigaction before; // what was there for SIGSEGV
static _Thread_local char handler_stack[32768];

// The program has made a mistake in this very line, so there is no other thread
// or lock to think of: panic, which allocates nothing, may be called. Any other
// fault is not ours. With the handler of before it happens again.
static void on_fault(int signal, siginfo_t *info, void *context)
{
    const char *at = info->si_addr;

    (void)context;
    if (entered != NULL && at >= entered->memory &&
        at < entered->memory + STACK_GUARD)
        panic("the fiber %s has used up its stack of %d KiB: its calls are "
              "nested too deep, or its locals are too large",
              entered->name, STACK_SIZE >> 10);
    sigaction(signal, &before, NULL);
}

static void catch_faults(void)
{
    struct sigaction action = { .sa_sigaction = on_fault,
                                .sa_flags = SA_SIGINFO | SA_ONSTACK };

    sigaction(SIGSEGV, &action, &before);
}

// A thread that has such a stack already keeps it: the address sanitizer gives
// one to each.
static void prepare_thread(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static _Thread_local bool prepared;
    stack_t stack;

    if (prepared) return;
    prepared = true;
    pthread_once(&once, catch_faults);
    if (sigaltstack(NULL, &stack) == -1 || !(stack.ss_flags & SS_DISABLE))
        return;
    stack =
        (stack_t){ .ss_sp = handler_stack, .ss_size = sizeof(handler_stack) };
    sigaltstack(&stack, NULL);
}

// ---------------------------------------------------------------------------
// From one stack to another
// ---------------------------------------------------------------------------

static struct stack *stack_map(void)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
    char *memory =
        mmap(NULL, STACK_GUARD + STACK_SIZE, PROT_NONE, flags, -1, 0);

    if (memory == MAP_FAILED || mprotect(memory + STACK_GUARD, STACK_SIZE,
                                         PROT_READ | PROT_WRITE) == -1)
        panic(
            "no memory for one more stack: %s (each takes two of the mappings "
            "that vm.max_map_count allows)",
            strerror(errno));
    struct stack *self =
        (struct stack *)(memory + STACK_GUARD + STACK_SIZE) - 1;
    self->memory = memory;
    self->tsan = __tsan_create_fiber(0);
    self->valgrind = VALGRIND_STACK_REGISTER(memory + STACK_GUARD, self);
    return self;
}

static void stack_unmap(struct stack *self)
{
    __tsan_destroy_fiber(self->tsan);
    VALGRIND_STACK_DEREGISTER(self->valgrind);
    munmap(self->memory, STACK_GUARD + STACK_SIZE);
}

// The function has returned. If the stack is kept, trampoline waits on it.
static void stack_free(struct stack *self)
{
    pthread_mutex_lock(&cache.lock);
    bool keep = cache.count < CACHE_MAX;
    cache.used--;
    if (keep) {
        cache.count++;
        self->next = cache.first;
        cache.first = self;
    }
    pthread_mutex_unlock(&cache.lock);
    if (!keep) stack_unmap(self);
}

struct stack *stack_new(const char *name, void (*function)(void *arg),
                        void *arg)
{
    prepare_thread();
    pthread_mutex_lock(&cache.lock);
    struct stack *self = cache.first;
    cache.used++;
    if (self != NULL) {
        cache.count--;
        cache.first = self->next;
    }
    pthread_mutex_unlock(&cache.lock);
    if (self == NULL) self = stack_map();
    self->name = name;
    self->function = function;
    self->arg = arg;
    return self;
}

// Now we are on the stack.
static void arrive(struct stack *self)
{
    FINISH_SWITCH(self->fake, &self->outer_bottom, &self->outer_size);
}

void stack_leave(struct stack *self)
{
    bool ended = self->function == NULL;

    self->fake = NULL;
    START_SWITCH(ended ? NULL : &self->fake, self->outer_bottom,
                 self->outer_size);
    __tsan_switch_to_fiber(self->outer_tsan, 0);
    if (LEFT(&self->inside)) GO_ON(&self->outside);
    arrive(self);
}

// The first call on each stack. It never returns, for there is nowhere to return
// to: it runs one function after the other.
static void trampoline(void)
{
    struct stack *self = entered;

    arrive(self);
    for (;;) {
        self->function(self->arg);
        self->function = NULL;
        stack_leave(self);
    }
}

// The context is needed only until we are on the new stack.
static void stack_begin(struct stack *self)
{
    ucontext_t context;

    getcontext(&context);
    context.uc_stack.ss_sp = self->memory + STACK_GUARD;
    context.uc_stack.ss_size =
        (size_t)((char *)self - (self->memory + STACK_GUARD));
    context.uc_link = NULL;
    makecontext(&context, trampoline, 0);
    self->begun = true;
    __tsan_switch_to_fiber(self->tsan, 0);
    if (LEFT(&self->outside)) setcontext(&context);
}

static void stack_go_on(struct stack *self)
{
    __tsan_switch_to_fiber(self->tsan, 0);
    if (LEFT(&self->outside)) GO_ON(&self->inside);
}

bool stack_enter(struct stack *self)
{
    struct stack *outer = entered;

    entered = self;
    self->outer_tsan = __tsan_get_current_fiber();
    START_SWITCH(&self->outer_fake, self->memory + STACK_GUARD, STACK_SIZE);
    if (self->begun)
        stack_go_on(self);
    else
        stack_begin(self);
    FINISH_SWITCH(self->outer_fake, NULL, NULL);
    entered = outer;
    if (self->function != NULL) return false;
    stack_free(self);
    return true;
}
