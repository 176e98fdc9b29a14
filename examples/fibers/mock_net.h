// A network without a network: it prints what is done to it, and whoever reads
// from it gets what was written to it. For tests, and to see that a client can
// do no more than it was given.
#ifndef MOCK_NET_H
#define MOCK_NET_H

#include "net.h"

struct mock_net {
    struct net net;
    struct flow flow; // the only one at a time
    char text[200];   // what was written and not yet read
};

struct net *mock_net(struct mock_net *mock);

#endif
