// What the process that runs a check tells the program that watches it. It lies
// in memory that both share, so it survives a crash.
#ifndef SHARED_H
#define SHARED_H

#include <stdatomic.h>
#include <stdbool.h>

struct shared {
    atomic_bool failed;  // message is being written, by the first who fails
    char message[1500];  // why the check failed, or ""
    char awaiting[300];  // what it waits for
    char perhaps[300];   // what may be the cause of a crash
    char read[500];      // where to read
    atomic_bool leaked;  // the leak checker has reported
    atomic_bool began;   // main has been reached
    atomic_bool over;    // the body has returned; the audit begins
    atomic_bool patient; // the check itself waits, and that is no hang
    atomic_int round;    // the repetition that it is at
    atomic_int complete; // the secret, once all is over
    int secret;
};

#endif
