// The bridge between two worlds: code in callbacks, which is promises and
// lwt_bind here, and direct code, which is fibers. A program can be moved from
// one to the other a function at a time. Names are those of async_eio.
//
//     callbacks                                 fibers
//
//     promise = async_eio_run_eio(f, arg)  -->  f(arg)
//     f(arg) returns a promise             <--  value = async_eio_run_async(f, arg)
//     a promise from anywhere              <--  value = await_promise(promise)
//
// Values and failures cross as they are. There are no two kinds of promise to be
// converted, and no two event loops: callbacks and fibers are tasks of one
// executor.
#ifndef ASYNC_EIO_H
#define ASYNC_EIO_H

#include "../fibers/flow.h"
#include "../promises/lwt.h"

// with_event_loop: returns f(arg). When that has returned, the fibers that
// callbacks have started by run_eio are cancelled, and awaited. On a fiber. One
// at a time on each thread: inside another one it returns -EBUSY.
intptr_t async_eio_with_event_loop(fiber_function *f, void *arg);

// For callbacks: runs f(arg) on a fiber, and promises its value. Fails with
// -ENOTCONN where there is no event loop.
struct promise *async_eio_run_eio(fiber_function *f, void *arg);

// For fibers: calls f(arg), and waits for the promise that it returns, or cancels
// it if the fiber has to end. Fails with -ENOTCONN where there is no event loop.
intptr_t async_eio_run_async(lwt_thunk *f, void *arg);

// Promise.await_deferred: waits for a promise, which stays as it is if the fiber
// has to end. On a fiber.
intptr_t await_promise(struct promise *promise);

// Flow.source_of_reader and Flow.sink_of_writer: a flow over a reader and a
// writer of callbacks.h, which it borrows.
struct async_flow {
    struct flow flow;
    int reader, writer;
};

struct flow *async_eio_flow(struct async_flow *flow, int reader, int writer);

#endif
