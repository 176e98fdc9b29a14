// std::net::TcpListener and TcpStream, as futures: tokio::net, or later
// trale's futures/tcp.rs.
//
// A listener and a stream are their file descriptors: close(2) drops them, and
// getsockname(2), setsockopt(2) and the like take them. A future borrows its
// descriptor and its buffer, which must outlive it. If the descriptor is
// negative, then that is the output: an errno passes through a chain of calls.
//
// A function returns, and a future is ready with, a negative errno if its
// system call has failed. Nothing here raises SIGPIPE.
#ifndef FUTURES_TCP_H
#define FUTURES_TCP_H

#include "trale.h"

// TcpListener::bind: a socket that listens, or -errno. Port 0 lets the kernel
// choose one.
int tcp_listener_bind(const struct socket_addr *addr);

// TcpListener::accept: ready with a new stream, which the caller then owns.
// -EMFILE or -ENFILE means that the connection is still in the queue, and that
// the next accept would fail at once.
struct future *tcp_listener_accept(int listener);

// TcpStream::connect: ready with a stream, which the caller then owns. *addr
// is copied. Lazy: there is no socket before the first poll. Dropped while
// pending, it gives the attempt up.
struct future *tcp_stream_connect(const struct socket_addr *addr);

// AsyncReadExt::read: reads what is there, up to len bytes. Ready with their
// number; 0 if the peer will send no more.
struct future *tcp_stream_read(int stream, void *buf, size_t len);

// AsyncWriteExt::write: writes as much as there is room for. Ready with the
// number of bytes, which may be less than len.
struct future *tcp_stream_write(int stream, const void *buf, size_t len);

// AsyncWriteExt::write_all: writes again until nothing is left. Ready with len.
// Dropped while pending, it may have written a part.
struct future *tcp_stream_write_all(int stream, const void *buf, size_t len);

// TcpStream::shutdown(Shutdown::Write): the peer will read to an end, and may
// still write. No future, for it does not block. Returns 0 or -errno.
int tcp_stream_shutdown(int stream);

#endif
