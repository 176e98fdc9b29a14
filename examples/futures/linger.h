// How a server ends a connection: hyper, nginx and others call it a lingering
// close.
#ifndef FUTURES_LINGER_H
#define FUTURES_LINGER_H

#include "trale.h"

// Half-closes the stream, then reads and throws away what still comes, until
// the peer closes too, or two seconds have passed, or a mebibyte has come.
// Ready with 0, or with -errno if the peer was gone already. It borrows the
// stream; close it afterwards.
struct future *tcp_stream_linger(int stream);

// Reads and throws away what comes, without a half-close. Ready with 0 when the
// peer has closed its side, with -errno when the connection is broken, or with
// what it has read if that is more than a mebibyte. Borrows the stream.
struct future *tcp_stream_drain(int stream);

#endif
