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

#endif
