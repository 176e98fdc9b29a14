// The structs of exercise 11, given, and their constructors. Yours are the poll
// and drop functions.
#ifndef SELECT_H
#define SELECT_H

#include "trale.h"

// Of two futures the one that is ready first.
struct race {
    struct future future;
    struct future *child[2]; // owned; NULL once it is dropped
};

struct future *race(struct future *first, struct future *second);
struct poll race_poll(struct future *future, struct context *cx);
void race_drop(struct future *future);

// The reading end of a connection. A message is a number of four bytes, which
// may come in pieces: the other end writes them when it likes.
struct inbox {
    int fd;      // does not block
    size_t have; // so many bytes of the next message have been read
    union {
        char bytes[4]; // these
        int32_t number;
    };
};

// The next message from an inbox, which outlives this future.
struct receive {
    struct future future;
    struct subscription sub;
    struct inbox *inbox;
};

struct future *receive(struct inbox *inbox);
struct poll receive_poll(struct future *future, struct context *cx);
void receive_drop(struct future *future);

#endif
