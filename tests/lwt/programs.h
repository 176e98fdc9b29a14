// Small programs on lwt.h, each of which prints one line.
#ifndef LWT_PROGRAMS_H
#define LWT_PROGRAMS_H

#include <stdio.h>

// Those of one part of Lwt.
struct lwt_part {
    const char *name;
    void (*run)(void);
};

extern const struct lwt_part lwt_parts[]; // the last one has no name

// Prints the lines of this part.
void lwt_part_run(const struct lwt_part *part, FILE *out);

#endif
