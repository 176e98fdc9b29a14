// A library in callback style, as Async is for OCaml: readers, writers, and TCP
// servers and clients, all of them over promises. The programs to be ported use
// it. A reader and a writer are the descriptor of a stream.
//
// Whatever is waited for is a promise here; a negative value is a failure. To be
// called on the thread of the executor.
#ifndef CALLBACKS_H
#define CALLBACKS_H

#include "../promises/lwt.h"

#include <stddef.h>

// Reader.read: the number of bytes that came, at most len; 0 at the end.
struct promise *reader_read(int reader, void *buf, size_t len);

// Reader.contents: all until the end, which must be at most len bytes; or
// -EMSGSIZE. Returns with their number.
struct promise *reader_contents(int reader, char *buf, size_t len);

// Writer.write, and Writer.flushed: returns with 0 when all was written.
struct promise *writer_write(int writer, const void *buf, size_t len);

// Pipe.transfer: writes to the one what it reads from the other, until that
// ends. Returns with 0.
struct promise *pipe_transfer(int reader, int writer);

// Tcp.Server.create: listens at this port of this machine. Calls the handler for
// each connection, which is closed when the promise of that is resolved. Returns
// with a server. Close it in the end.
typedef struct promise *tcp_handler(int stream);
struct promise *tcp_server_create(uint16_t port, tcp_handler *handler);

// Tcp.Server.close: no more connections from now on. Returns when all that there
// are have been handled.
struct promise *tcp_server_close(intptr_t server);

// Tcp.with_connection: connects, calls f(stream, env), and closes the stream
// when the promise of that is resolved. Has its outcome.
struct promise *tcp_with_connection(uint16_t port, lwt_function *f, void *env);

#endif
