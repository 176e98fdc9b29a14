// A task that shows where all tasks are, each time somebody types Ctrl-\. It
// needs the talking build, which has executor_dump.
#define _POSIX_C_SOURCE 200809L // for sigset_t
#include "dump.h"

#include "examples/trace/trace.h"
#include "log.h"
#include "signal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct dump {
    struct async async;
    char *text; // of the dump
    size_t len;
};

// Whoever reads stderr may be slow, so the dump goes to memory first.
static void dump_to_memory(struct dump *self)
{
    FILE *memory = open_memstream(&self->text, &self->len);

    if (memory == NULL) return; // then the text is NULL, and its length 0
    executor_dump(memory);
    fclose(memory);
}

// Between the end of one signal_recv and the start of the next nobody else runs
// on this thread, so the one that is needed most, when descriptors have run
// out, gets back the descriptor of the one before.
static struct poll dump_poll(struct future *future, struct context *cx)
{
    struct dump *self = (struct dump *)future;

    ASYNC_BEGIN(self);
    for (;;) {
        AWAIT(self, signal_recv(SIGQUIT));
        if (self->async.value < 0) break;
        dump_to_memory(self);
        AWAIT(self, log_write(STDERR_FILENO, self->text, self->len));
        free(self->text);
        self->text = NULL;
        self->len = 0;
    }
    log_line(STDERR_FILENO, "no dump on SIGQUIT: %s",
             strerror((int)-self->async.value));
    ASYNC_END(self, 0);
}

static void dump_drop(struct future *future)
{
    async_drop(future); // before the text: the child may be writing it
    free(((struct dump *)future)->text);
}

void dump_on_sigquit(void)
{
    static const struct future_vtable vtable = { "dump", dump_poll, dump_drop };
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGQUIT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    struct task_joiner joiner =
        executor_spawn(future_new(sizeof(struct dump), &vtable));
    task_joiner_drop(&joiner); // detach: it never ends by itself
}
