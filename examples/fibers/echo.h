// An echo server, three times. Each accepts so many connections, sends back what
// comes on each until its end, and is ready with the number of bytes. All of
// them print the same. Count the lines: only the way to wait differs.
#ifndef ECHO_H
#define ECHO_H

#include "trale.h"

struct echo {
    int listener, connections;
};

struct future *echo_states(struct echo echo);    // a state machine
struct future *echo_callbacks(struct echo echo); // promises and callbacks
struct future *echo_fibers(struct echo *echo);   // stacks

#endif
