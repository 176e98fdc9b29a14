// Eio.Buf_read: reads a flow by lines, or as a whole, and never more than it was
// told. A peer that sends without end is an error, and no memory is lost to it.
#ifndef BUF_READ_H
#define BUF_READ_H

#include "flow.h"

// Buf_read.of_flow ~max_size. buf has room for max + 1 bytes, and is the
// caller's:
//
//     char buf[101];
//     struct buf_read reader = { flow, buf, .max = 100 };
struct buf_read {
    struct flow *flow;
    char *buf;
    size_t max;
    size_t start, end; // of what was read and not yet given
};

// Buf_read.line: the next line, without its newline, ended by a zero byte. It
// lasts until the next call. Returns its length; -EPIPE (End_of_file) if there
// is none; -EMSGSIZE (Buffer_limit_exceeded) if it is longer than max.
intptr_t buf_read_line(struct buf_read *reader, char **line);

// Buf_read.take_all: all that is left. Its length, or -EMSGSIZE.
intptr_t buf_read_take_all(struct buf_read *reader, char **text);

#endif
