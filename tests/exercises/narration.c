// The talking build of trale as the exercises run it: the same, with a switch
// for its narration, which the environment can only set before main.
#include "examples/trace/trace.c"

#include "narration.h"

void narration_begin(void)
{
    began = instant_now();
    thread_name = "check";
    setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
    narration_switch(true);
}

// Other threads may be reading it, and it does not matter what they see.
__attribute__((no_sanitize("thread"))) bool narration_switch(bool on)
{
    bool was = tracing;

    tracing = on;
    return was;
}

void narration_event(const char *task, const char *event, const char *format,
                     va_list args)
{
    if (!tracing) return;
    if (strcmp(thread_name, "other") == 0) thread_name = "another";
    flockfile(stderr);
    fprintf(stderr, "%10.6f %-8s %-10s %s ",
            (double)(instant_now() - began) / NANOS_PER_SEC, thread_name, event,
            task);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    funlockfile(stderr);
}
