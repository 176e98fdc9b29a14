// What the checks of the exercises are written with. An exercise's checks.c
// defines exercise_read and any number of checks:
//
//     CHECK(counts_down, 3, "counts down by one at each poll")
//     {
//         struct probe *task = probe_new("countdown");
//         struct future *future = countdown(3);
//
//         expect(!probe_poll(task, future).ready, "countdown(3) was ready "
//                "at its first poll: it must be pending three times");
//         ...
//     }
//
// Each check runs in a process of its own, under the eyes of another program,
// which holds none of the student's code. It has passed only if its function
// has returned, and the audit after it found nothing: no waker too many or too
// few, no future that was not dropped, no open descriptor, no leak, no
// sanitizer's report.
//
// Everything that a check calls of the student's stands between enter and leave
// (probe_poll has them), so that it is known whose the locks are.
#ifndef HARNESS_H
#define HARNESS_H

#include "trale.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

// A graded check: its name, its points and what it checks, a sentence, in one
// line of the source. Those lines are the only list of the checks: the driver
// reads it, and a check in it whose result is missing has failed.
#define CHECK(name, points, title)                            \
    static void name(void);                                   \
    __attribute__((constructor)) static void add_##name(void) \
    {                                                         \
        harness_add(#name, name);                             \
    }                                                         \
    static void name(void)

void harness_add(const char *name, void (*body)(void));

// Where to read, printed below each failure: 'FILE, 'HEADING'; ...'. Defined by
// checks.c. read_in says it anew for the rest of one check.
extern const char exercise_read[];
void read_in(const char *where);

// Ends the check, which has failed for this reason. One to three sentences:
// what happened, and what should have. On any thread.
_Noreturn __attribute__((format(printf, 1, 2))) void fail(const char *format,
                                                          ...);
#define expect(condition, ...) ((condition) ? (void)0 : fail(__VA_ARGS__))

// Narrates: one line in the style of trale.c, of which a failure shows the last
// three. `task` is the first word after the event.
__attribute__((format(printf, 3, 4))) void
event(const char *task, const char *what, const char *format, ...);

// What the check waits for from now on: the end of the sentence that reports a
// hang, "... while the check waited for ".
__attribute__((format(printf, 1, 2))) void awaiting(const char *format, ...);

// What may be the cause of a crash, a sanitizer's report or a panic from now on:
// a sentence behind it, or "".
void perhaps(const char *sentence);

// What the check does from now on takes time that is not the student's: to
// sleep is no hang.
void patient(bool on);

// How a poll came out, for a message: "pending", "ready with 7", "ready with
// -EPIPE". Of the last eight calls.
const char *outcome(struct poll poll);
const char *value_name(intptr_t value); // "7", "-EPIPE"

// A check is stopped when it has used 1 second of processor time, when all of
// its threads have slept for 1 second, or after 4.5 seconds.
// CK_TIMEOUT_MULTIPLIER multiplies them.

// For checks that use trale's own executor, first thing: starts its threads, so
// that their descriptors do not count as the student's.
void use_trale(void);

// Turns the narration of trale.c and of this harness off, for loops of many
// thousand rounds, or on again.
void narration(bool on);

// 0, and counted up where a check is repeated: shorten long waits then.
extern int round_no;

double now(void);         // seconds, monotonic
double cpu_seconds(void); // that this process has used
void sleep_ms(int ms);
int count_fds(void); // open descriptors of this process

// Looks every millisecond, for less long than the check may take and until half
// a second of processor time has been used: whether it became true.
bool wait_until(bool (*condition)(void *data), void *data);

// Waits until the thread tid of this process sleeps, and returns true; or until
// the process has used 50 ms of processor time without it, so that the thread
// must be spinning; or it has ended. How busy the machine is makes no difference.
bool falls_asleep(pid_t tid);

// Waits until the thread tid sleeps, and returns false; or until *over.
bool ends_before_it_sleeps(pid_t tid, atomic_bool *over);

// ---------------------------------------------------------------------------
// What the student's file calls while it runs (calls.c)
// ---------------------------------------------------------------------------

struct call {
    const char *function;
    int held;
    bool sleeps, for_nothing;
};

struct call enter(const char *function); // returns the one around it
void leave(struct call outer);
void may_sleep(void);      // this call may: block_on, a reactor's turn
const char *calling(void); // the function that is called
bool has_lock(void);       // this thread, of the student's locks

// Whether the last pthread_cond_wait of this call has returned for nothing, as
// every other one does here. If what it waited for is not there, the student's
// code has gone on without asking again.
bool woken_for_nothing(void);

// For checks with functions of their own in place of such: errno after success.
void mislead(bool succeeded, int error);

// What a lock guards, from here to the next multiple of 8 bytes: to look at it
// or to change it without a lock fails. For checks that have one thread at a
// time.
void guard(const void *memory, size_t size, const char *name);
void unguard(const void *memory);

// Called, with its name, at each moment of this thread in the student's code at
// which another thread could come in between, and no lock is held.
extern _Thread_local void (*at_moment)(const char *moment);
extern const char before_lock[], after_unlock[], cloning[], dropping[];
void moment(const char *moment);

// Called with the lock held, when pthread_cond_wait is about to sleep.
extern _Thread_local void (*at_wait)(void);

// From now on no waker of a probe may be cloned, woken or dropped while one of
// the student's locks is held.
extern bool strict_locks;

// Another thread, older than all that this one does until it lets that thread
// act. Nothing orders the two for the thread sanitizer but the student's own
// locks, so it sees what is done without them. Call no more of this harness
// meanwhile than enter, leave and poll_idly: the rest has locks.
struct stranger {
    void (*act)(void *data);
    void *data;
    pthread_t thread;
    atomic_int go, gone;
};

void stranger_begin(struct stranger *stranger, void (*act)(void *data),
                    void *data);
void stranger_acts(struct stranger *stranger); // returns when it has acted
void stranger_end(struct stranger *stranger);
struct waker idle_waker(void); // whose functions do nothing
void poll_idly(void *future);  // with that one; for a stranger, too

// Two threads poll two futures that have nothing to do with each other.
void poll_apart(struct future *one, struct future *other);

// For locks of the checks that the student's code takes: before, after, ...
void lock_wanted(void *lock);
void lock_taken(void *lock);
void lock_given(void *lock);
void lock_free(void);

// ---------------------------------------------------------------------------
// A task that is polled by the check itself, with a waker that counts
// ---------------------------------------------------------------------------

// The audit wants clones == wakes + drops, and a wake or a drop of a waker that
// was never cloned fails at once. So does the use of a context or of a waker
// object after its poll: they are freed.
struct probe {
    const char *name;
    atomic_int polls, clones, wakes, drops;
    struct probe *next;
    bool polling;
    // If this is not NULL, a wake polls it on the spot, before it returns, and
    // drops it if it is ready. How that came out, and how often it was done:
    struct future *eager;
    struct poll spot;
    int spots;
};

struct probe *probe_new(const char *name); // freed after the audit
struct poll probe_poll(struct probe *probe, struct future *future);
void probe_drop(struct probe *probe, struct future *future);
struct waker probe_waker(struct probe *probe); // a clone, for the caller
int probe_held(struct probe *probe);           // clones that somebody holds

// ---------------------------------------------------------------------------
// A future that does as its steps say, for the student's code to run
// ---------------------------------------------------------------------------

// One letter for each poll:
//
//     y  wakes itself, then is pending
//     k  keeps a clone of the waker and is pending until script_wake
//     t  keeps one and is pending; a thread wakes it after delay_ms
//     d  a thread wakes it during the poll, which then is pending
//     r  ready, with the value
//
// `pendings` counts the polls that were pending, when they are over: then the
// waker is in its place. A poll without a wake since the last one fails, as
// does one after the end or one inside the other. The audit wants it dropped,
// once.
struct script {
    const char *name, *steps;
    intptr_t value;
    int delay_ms;                     // for t; 1 unless changed
    void (*on_poll)(struct script *); // called at each poll, or NULL
    void *data;                       // for on_poll
    atomic_int polls, pendings, wakes, drops;
    struct future *future;
    struct waker waker;
    pthread_t thread;
    atomic_bool polling;
    bool has_thread, ended;
    struct script *next;
};

struct script *script_new(const char *name, const char *steps, intptr_t value);
void script_wake(struct script *script); // what k keeps; on any thread

#endif
