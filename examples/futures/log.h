// Lines for stdout and stderr for which no task waits: Rust's crate
// tracing-appender, non_blocking.
//
// Where stdout leads to may stall (`server | less`) or go away, and a task that
// printed to it would hold up all others, or never see a signal's effect. So a
// line goes into a queue, and a task of its own writes it when there is room.
//
// A program that uses this starts with descriptors 0, 1 and 2 open, as Rust's
// std sees to it too: one that is closed leads to /dev/null. Else the next
// socket would get its number, and a peer would receive what we print.
#ifndef FUTURES_LOG_H
#define FUTURES_LOG_H

#include "trale.h"

// Queues the line and a newline for STDOUT_FILENO or STDERR_FILENO. On any
// thread. A line for which the queue (64 KiB) has no room is dropped; how many
// that were is told in their place: "(7 lines dropped)".
__attribute__((format(printf, 2, 3))) void log_line(int fd, const char *format,
                                                    ...);

// Waits until all is written, but a second at most: for the end of main. Not
// inside a task.
void log_flush(void);

// Writes all of the buffer, which must outlive the future, to one of the two.
// Ready with len, or with -errno. It never blocks, even where the descriptor
// would, and does not raise SIGPIPE on the executor thread.
struct future *log_write(int fd, const void *buf, size_t len);

#endif
