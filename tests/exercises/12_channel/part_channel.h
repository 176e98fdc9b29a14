// What only the checks may do with the channels of 12_channel.h.
#include "12_channel.h"

// channel_send and channel_close, with an eye on the lock.
void send_value(struct channel *channel, intptr_t value);
void close_channel(struct channel *channel);

// Whether other threads use the channels too: then what changes while nobody
// has the lock is for the thread sanitizer to see.
extern bool many_threads;
