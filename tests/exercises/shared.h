// What the process that runs a check tells the one that watches it. It lies in
// memory that both share, so it survives a crash.
#ifndef SHARED_H
#define SHARED_H

#include <stdatomic.h>
#include <stdbool.h>

struct shared {
    atomic_bool failed;   // message is being written, by the first who fails
    char message[1500];   // why the check failed, or ""
    char awaiting[300];   // what it waits for
    char read[500];       // where to read
    _Atomic double limit; // from allow_seconds, or 0
    atomic_bool leaked;   // the leak checker has reported
    atomic_bool over;     // the body has returned; the audit begins
    atomic_int round;     // the repetition that it is at
    atomic_int complete;  // the secret, once all is over
    int secret;
};

struct item {
    const char *name, *title;
    int points;
    void (*body)(void);
};

// Runs the check in this process, and ends it.
_Noreturn void item_run(const struct item *item, struct shared *shared,
                        int rounds);

// Of a sanitizer's report (its first lines, changed): a sentence or two.
void explain_report(char *report, char *sentence, unsigned long size);

// Whether trale.c or this harness narrated this line.
bool is_event(const char *line);

#endif
