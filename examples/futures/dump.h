// Where is everything? For programs that run for long.
#ifndef FUTURES_DUMP_H
#define FUTURES_DUMP_H

// From now on SIGQUIT (Ctrl-\, or kill -QUIT) does not end the process but
// prints executor_dump to stderr. Call it in main, before any other thread is
// started and any task is spawned: it blocks the signal. The program must be
// linked with examples/trace/trace.c.
void dump_on_sigquit(void);

#endif
