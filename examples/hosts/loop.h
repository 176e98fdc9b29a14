// Somebody else's event loop: callbacks over poll(2), as libuv, GLib and Lwt's
// main loop have them. It stands for the host in the examples. It has never
// heard of futures, includes nothing of trale's, and has no thread of its own.
//
// A mistake, and memory that runs out, prints one line and ends the program.
#ifndef LOOP_H
#define LOOP_H

typedef void loop_callback(void *data);

// Calls back on the thread of loop_run, each time that fd is readable.
void loop_watch(int fd, loop_callback *callback, void *data);
void loop_unwatch(int fd); // before it is closed

// Calls back once: after so many milliseconds, or in the next turn of the loop,
// which is Lwt.pause.
void loop_after(int milliseconds, loop_callback *callback, void *data);
void loop_next_turn(loop_callback *callback, void *data);

// Runs until loop_stop, or until there is nothing to wait for.
void loop_run(void);
void loop_stop(void);

// Drops what waits for its time. Its callbacks are not called.
void loop_clear(void);

#endif
