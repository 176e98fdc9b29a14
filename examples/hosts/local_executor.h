// A second executor. It has no thread and no loop: it lives on the thread of
// somebody else's event loop, its host, and its tasks are polled there.
//
// It is LocalExecutor of ocaml-lwt-interop, where the host is OCaml's Lwt. The
// futures are those of trale, and the reactor of trale.c wakes them: a waker is
// all that it knows of an executor.
//
// Host and executor meet in two places. The executor has something to do: it
// wakes the notification, a waker that means "call run_pending, soon, on your
// thread". Then the host calls run_pending, which polls what can run now, and
// returns. A host that watches descriptors, as most do, is this:
//
//     struct waker notification;
//     int fd = notification_new(&notification);
//     struct local_executor *executor = local_executor_new(&notification);
//
//     when fd is readable:
//         notification_clear(fd);
//         local_executor_run_pending(executor);
//
//     at the end: stop watching fd, then
//         local_executor_drop(executor);
//
// Without descriptors, a host makes a waker of its own. Its wake must only tell
// the host's thread, and return: it may be called on any thread, inside
// run_pending too, so it must not call run_pending itself. We call it with no
// lock. (waker_vtable in trale.h says what clone, wake and drop must do. If its
// data is static, clone and drop have nothing to do.)
//
// A task that always wakes itself notifies in each turn. So a host looks at its
// own timers in each turn, too, and not only when it is not notified.
//
// Misuse prints one line and aborts.
#ifndef LOCAL_EXECUTOR_H
#define LOCAL_EXECUTOR_H

#include "trale.h"

#include <stdio.h>

struct local_executor;

// Consumes the notification. It is woken once at most before the first call of
// run_pending, and once at most from the begin of each call to that of the
// next. To call run_pending without being told is harmless. The thread that
// calls this is the host's. From now on spawn(), which futures/spawn.h
// declares, spawns here if it is called on this thread. A thread may have
// several executors: then the latest counts, and inside a task the one that
// polls it.
struct local_executor *local_executor_new(struct waker *notification);

// Queues the future as a new task, wakes the notification, and returns. Takes
// the future over. On any thread. Nobody can join the task; promise_spawn gives
// a promise for its output.
void local_executor_spawn(struct local_executor *executor,
                          struct future *future);

// Polls each task that can run now, once. A task that is woken meanwhile waits
// for the next call, so this does not hold up the host, even beside a task that
// always wakes itself. Returns how many tasks are left that are not done. On
// the host's thread, and not inside a task.
size_t local_executor_run_pending(struct local_executor *executor);

// Drops the tasks that are left, and the notification. The tasks' wakers may
// live on, and do nothing. A wake of the notification may still be under way.
// On the host's thread, and not inside a task; no other thread may spawn any
// more.
void local_executor_drop(struct local_executor *executor);

// Writes a line for each task that is left, as executor_dump does for trale.
// Where a task awaits is told in the talking build only. On the host's thread.
void local_executor_dump(struct local_executor *executor, FILE *out);

// Lwt_unix.make_notification: a waker that makes an eventfd readable. Returns
// the eventfd, to be watched; or -errno, and then *notification is empty. The
// host does not close it: that is done with the last clone of the waker, and
// the executor has one until it is dropped.
int notification_new(struct waker *notification);

// Makes it unreadable again. Call it before run_pending: after it, it would
// wipe away what has come meanwhile.
void notification_clear(int fd);

#endif
