// A child process and what it prints, for the tests of programs.
#ifndef CHILD_H
#define CHILD_H

#include "test.h"

#include <sys/types.h>

enum { LINES_MAX = 512 };

// All that has come out of one pipe. Ends with a zero byte.
struct stream {
    int fd; // -1: the child has closed it
    size_t len;
    char text[32768];
};

struct child {
    pid_t pid;
    struct stream out, err;
    int lines;               // complete ones, in out
    double times[LINES_MAX]; // when each one came, in seconds after the start
    double start;
    double lateness; // of our own timeouts meanwhile, the worst
    int threads;     // the most that the child has had
};

// How much slower than usual a test may be.
double multiplier(void);

int child_threads(const struct child *child);

// The thread sanitizer's own thread is in every process that it watches.
int sanitizer_threads(void);

// Starts an example, with one argument or none (NULL). Should this test fail,
// Check kills what it has left running.
void child_start(struct child *child, const char *example, const char *arg);

// The same for any command. Its last argument is NULL.
void child_start_command(struct child *child, const char *const argv[]);

// Reads what the child prints within the next 10 ms, and looks at its threads.
void child_poll(struct child *child);

// Reads the child's output to its end and returns its exit code.
int child_end(struct child *child);

// Runs an example that ends by itself. What it prints, and when, must be what
// the comment at the end of its source says: "Expected output, after so many
// seconds". Lines of one time may come in any order, unless it says "in this
// order, after so many seconds". threads: the most that it has; 0: any number.
void assert_prints(const char *example, int threads);

#endif
