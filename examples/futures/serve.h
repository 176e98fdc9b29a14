// What every server has: the accept loop of tokio's tutorial, and main.
#ifndef FUTURES_SERVE_H
#define FUTURES_SERVE_H

#include "trale.h"

// axum::serve: accepts streams for ever, and spawns a task for each, which
// awaits handler(stream) and then closes the stream. The handler's future only
// borrows it; a negative output says that there is nobody left to talk to.
//
// `descriptors` is the most that such a task ever has open at a time, its
// stream and a timer included. There are never more tasks than the process can
// have descriptors for; the surplus of peers waits in the listener's queue.
// Borrows the listener. Never ready.
struct future *serve(int listener, unsigned descriptors,
                     struct future *(*handler)(int stream));

// All that is left for main: listens on the address, such as "127.0.0.1:8080",
// prints "Listening on " and the address with its port, serves until SIGINT or
// SIGTERM, and prints "Bye". SIGQUIT prints a dump. Call it before any thread is
// started. Returns an exit code: 0; 1 if it cannot listen, 2 if that is no
// address, having said so on stderr.
int serve_main(const char *program, const char *address, unsigned descriptors,
               struct future *(*handler)(int stream));

// The two halves of that which are not about TCP. The first blocks SIGINT and
// SIGTERM and lets SIGQUIT print a dump; call it before any thread is started.
// The second waits for one of the two, logs "Bye" and returns 0.
void serve_begin(void);
int serve_end(void);

#endif
