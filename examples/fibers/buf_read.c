// A bounded reader. What was read and not yet given is in buf[start .. end).
#include "buf_read.h"

#include <errno.h>
#include <string.h>

// Reads some more. Returns 0 at the end of the flow.
static intptr_t fill(struct buf_read *self)
{
    size_t held = self->end - self->start;

    if (held == self->max) return -EMSGSIZE;
    memmove(self->buf, self->buf + self->start, held);
    self->start = 0;
    self->end = held;
    intptr_t n = flow_read(self->flow, self->buf + held, self->max - held);
    if (n > 0) self->end += (size_t)n;
    return n;
}

// Gives len bytes, and passes over `skip` more.
static intptr_t give(struct buf_read *self, size_t len, size_t skip,
                     char **text)
{
    *text = self->buf + self->start;
    (*text)[len] = '\0';
    self->start += len + skip;
    return (intptr_t)len;
}

// The last line may lack its newline. The zero byte takes the newline's place,
// or stands behind all that was read.
intptr_t buf_read_line(struct buf_read *reader, char **line)
{
    for (;;) {
        char *start = reader->buf + reader->start;
        size_t held = reader->end - reader->start;
        char *newline = memchr(start, '\n', held);
        if (newline != NULL)
            return give(reader, (size_t)(newline - start), 1, line);
        intptr_t n = fill(reader);
        if (n < 0) return n;
        if (n == 0) return held > 0 ? give(reader, held, 0, line) : -EPIPE;
    }
}

// When max bytes are there, only the flow's end may follow: one byte more is one
// too many.
intptr_t buf_read_take_all(struct buf_read *reader, char **text)
{
    intptr_t n = 1;

    while (n > 0 && reader->end - reader->start < reader->max) n = fill(reader);
    char more;
    if (n > 0) n = flow_read(reader->flow, &more, 1);
    if (n > 0) return -EMSGSIZE;
    return n < 0 ? n : give(reader, reader->end - reader->start, 0, text);
}
