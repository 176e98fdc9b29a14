#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// ---------------------------------------------------------------------------
// Sockets, and what is done with them
// ---------------------------------------------------------------------------

static int bind_to(struct socket_addr addr)
{
    int sock = udp_socket_bind(&addr);

    ck_assert_int_ge(sock, 0);
    return sock;
}

static intptr_t send_to(int sock, const char *text, struct socket_addr target)
{
    return executor_block_on(
        udp_socket_send_to(sock, text, strlen(text), &target));
}

static intptr_t recv_from(int sock, void *buf, size_t len,
                          struct socket_addr *from)
{
    return executor_block_on(udp_socket_recv_from(sock, buf, len, from));
}

// Receives one datagram, which must be this one.
static void expect(int sock, const char *text)
{
    char buf[64];

    ck_assert_int_eq(recv_from(sock, buf, sizeof(buf), NULL), strlen(text));
    ck_assert_mem_eq(buf, text, strlen(text));
}

// ECONNREFUSED needs an address that nobody has. While the socket is bound to
// this port of 127.0.0.1, nobody else can bind to the port of all addresses.
static struct socket_addr unused_addr(int sock)
{
    struct socket_addr addr = local_addr(sock);

    addr.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 7);
    return addr;
}

// Polls its child and then counts: so whoever sees the count knows that the
// child has registered.
struct watched {
    struct async async;
    struct future *child;
};

static atomic_int polls; // of all of them, that were pending

static struct poll watched_poll(struct future *future, struct context *cx)
{
    struct watched *self = (struct watched *)future;
    struct poll poll = await(&self->async.child, cx);

    if (!poll.ready) polls++;
    return poll;
}

static struct future *watched(struct future *child)
{
    static const struct future_vtable vtable = { "watched", watched_poll,
                                                 async_drop };
    struct watched *self = future_new(sizeof(*self), &vtable);

    self->async.child = child;
    return &self->async.future;
}

static bool polled(void *data)
{
    return polls >= *(int *)data;
}

// Spawns the future and returns when it is pending.
static struct task_joiner spawn_pending(struct future *future)
{
    int more = polls + 1;
    struct task_joiner joiner = executor_spawn(watched(future));

    wait_until(polled, &more);
    return joiner;
}

static struct poll poll_by_hand(struct future *future, struct waker *waker)
{
    struct context cx = { waker };

    return future_poll(future, &cx);
}

static bool is_positive(void *data)
{
    return __atomic_load_n((int *)data, __ATOMIC_SEQ_CST) > 0;
}

// ---------------------------------------------------------------------------
// One datagram
// ---------------------------------------------------------------------------

// Sends from one socket to another, both bound to such an address. The sender's
// address must be told in full.
static void check_round_trip(struct socket_addr any, sa_family_t family,
                             socklen_t len)
{
    int a = bind_to(any), b = bind_to(any);
    struct socket_addr from, a_addr = local_addr(a);
    char buf[8];

    memset(&from, 0xff, sizeof(from));
    ck_assert_int_eq(send_to(a, "hello", local_addr(b)), 5);
    ck_assert_int_eq(recv_from(b, buf, sizeof(buf), &from), 5);
    ck_assert_mem_eq(buf, "hello", 5);
    ck_assert_int_eq(from.any.sa_family, family);
    ck_assert_int_eq(from.len, len);
    ck_assert_mem_eq(&from.any, &a_addr.any, len);
    ck_assert_int_eq(send_to(b, "back", from), 4);
    expect(a, "back");
    close(a);
    close(b);
}

// A datagram goes there and one comes back, by the address that was reported.
START_TEST(test_round_trip)
{
    check_round_trip(localhost(0), AF_INET, sizeof(struct sockaddr_in));
}
END_TEST

static bool has_ipv6(void)
{
    struct socket_addr addr = localhost6(0);
    int sock = socket(AF_INET6, SOCK_DGRAM, 0);
    bool has = sock != -1 && bind(sock, &addr.any, addr.len) == 0;

    if (sock != -1) close(sock);
    if (!has) skip("this machine has no ::1");
    return has;
}

// Hazard 30: the same by IPv6, whose addresses are longer.
START_TEST(test_ipv6_round_trip)
{
    if (has_ipv6())
        check_round_trip(localhost6(0), AF_INET6, sizeof(struct sockaddr_in6));
}
END_TEST

// A receive that is pending when the datagram comes must report it and its
// sender just as well. One that does not want the sender passes NULL.
START_TEST(test_pending_receive_is_served)
{
    int a = bind_to(localhost(0)), b = bind_to(localhost(0));
    struct socket_addr from = { 0 };
    char buf[2][8];
    struct task_joiner first =
        spawn_pending(udp_socket_recv_from(b, buf[0], 8, &from));
    ck_assert_int_eq(send_to(a, "first", local_addr(b)), 5);
    ck_assert_int_eq(task_joiner_join(&first), 5);
    ck_assert_mem_eq(buf[0], "first", 5);
    ck_assert_int_eq(from.v4.sin_port, local_addr(a).v4.sin_port);
    ck_assert_int_eq(from.len, sizeof(from.v4));
    struct task_joiner second =
        spawn_pending(udp_socket_recv_from(b, buf[1], 8, NULL));
    ck_assert_int_eq(send_to(a, "second", local_addr(b)), 6);
    ck_assert_int_eq(task_joiner_join(&second), 6);
    ck_assert_mem_eq(buf[1], "second", 6);
    close(a);
    close(b);
}
END_TEST

// Hazard 28: a datagram is longer than the buffer. -EMSGSIZE must say so, with
// its beginning in the buffer and nothing beyond; the next one is whole. One
// that just fits is no error.
START_TEST(test_truncated_datagram)
{
    int sock = bind_to(localhost(0));
    struct socket_addr from = { 0 }, addr = local_addr(sock);
    char buf[8] = "........";

    ck_assert_int_eq(send_to(sock, "too long", addr), 8);
    ck_assert_int_eq(send_to(sock, "next", addr), 4);
    ck_assert_int_eq(recv_from(sock, buf, 3, &from), -EMSGSIZE);
    ck_assert_mem_eq(buf, "too.....", 8);
    ck_assert_int_eq(from.v4.sin_port, addr.v4.sin_port);
    ck_assert_int_eq(recv_from(sock, buf, 4, NULL), 4);
    ck_assert_mem_eq(buf, "next....", 8);
    close(sock);
}
END_TEST

// Hazard 28: the datagram that is cut short comes while the receive waits.
START_TEST(test_truncated_datagram_while_pending)
{
    int sock = bind_to(localhost(0));
    char buf[8] = "........";
    struct task_joiner joiner =
        spawn_pending(udp_socket_recv_from(sock, buf, 3, NULL));

    ck_assert_int_eq(send_to(sock, "too long", local_addr(sock)), 8);
    ck_assert_int_eq(task_joiner_join(&joiner), -EMSGSIZE);
    ck_assert_mem_eq(buf, "too.....", 8);
    close(sock);
}
END_TEST

// Hazard 28: an empty datagram is a datagram. It must be sent, arrive with its
// sender's address, and be ready with 0; a receive without a buffer takes it.
START_TEST(test_empty_datagram)
{
    int sock = bind_to(localhost(0));
    struct socket_addr from = { 0 }, addr = local_addr(sock);
    char buf[4] = "....";

    ck_assert_int_eq(send_to(sock, "", addr), 0);
    ck_assert_int_eq(recv_from(sock, buf, sizeof(buf), &from), 0);
    ck_assert_mem_eq(buf, "....", 4);
    ck_assert_int_eq(from.v4.sin_port, addr.v4.sin_port);
    struct task_joiner joiner =
        spawn_pending(udp_socket_recv_from(sock, NULL, 0, NULL));
    ck_assert_int_eq(send_to(sock, "", addr), 0);
    ck_assert_int_eq(task_joiner_join(&joiner), 0);
    close(sock);
}
END_TEST

// The target is copied: it may change before the first poll.
START_TEST(test_target_is_copied)
{
    int a = bind_to(localhost(0)), b = bind_to(localhost(0));
    struct socket_addr target = local_addr(b);
    struct future *send = udp_socket_send_to(a, "hello", 5, &target);

    memset(&target, 0xff, sizeof(target));
    ck_assert_int_eq(executor_block_on(send), 5);
    expect(b, "hello");
    close(a);
    close(b);
}
END_TEST

// ---------------------------------------------------------------------------
// What can go wrong
// ---------------------------------------------------------------------------

// Hazard 29: the peer of a connected socket is not there. A receive that waits
// must get -ECONNREFUSED, and so must one that comes after; a send must work
// again and again between the errors, and when the peer is there all is well.
START_TEST(test_connection_refused)
{
    int sock = bind_to(localhost(0));
    struct socket_addr peer = unused_addr(sock);
    char buf[8];

    ck_assert_int_eq(connect(sock, &peer.any, peer.len), 0);
    for (int i = 0; i < 3; i++) {
        struct task_joiner joiner =
            spawn_pending(udp_socket_recv_from(sock, buf, 8, NULL));
        ck_assert_int_eq(send_to(sock, "anybody?", peer), 8);
        ck_assert_int_eq(task_joiner_join(&joiner), -ECONNREFUSED);
        ck_assert_int_eq(send_to(sock, "anybody?", peer), 8);
        ck_assert_int_eq(recv_from(sock, buf, 8, NULL), -ECONNREFUSED);
        ck_assert_int_eq(send_to(sock, "anybody?", peer), 8);
        ck_assert_int_eq(send_to(sock, "anybody?", peer), -ECONNREFUSED);
    }
    int there = bind_to(peer);
    ck_assert_int_eq(send_to(sock, "hello", peer), 5);
    expect(there, "hello");
    ck_assert_int_eq(send_to(there, "back", local_addr(sock)), 4);
    expect(sock, "back");
    close(there);
    close(sock);
}
END_TEST

// How each of three receives must end that follow one another, and what they
// may cost together. Those that spin would use a processor up.
static void expect_ends(int sock, intptr_t output)
{
    double before = cpu_seconds();
    char buf[8];

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(recv_from(sock, buf, sizeof(buf), NULL), output);
    ck_assert_double_lt(cpu_seconds() - before, 0.1);
}

// A socket may have the number 0, where stdin is closed.
START_TEST(test_socket_number_zero)
{
    close(0);
    int sock = bind_to(localhost(0));

    ck_assert_int_eq(sock, 0);
    ck_assert_int_eq(send_to(sock, "hello", local_addr(sock)), 5);
    expect(sock, "hello");
    close(sock);
}
END_TEST

// Hazard 45: a socket is shut down, for receiving or altogether, before a
// receive or while one waits. epoll reports it as ready from then on, but
// recvfrom still says EAGAIN. What has come before must be received, and then
// every receive end with -EPIPE, without spinning. (shutdown says ENOTCONN for
// a socket that is not connected, but does it.)
START_TEST(test_receive_after_shutdown)
{
    for (int variant = 0; variant < 4; variant++) {
        int sock = bind_to(localhost(0)), how = variant & 1;
        struct socket_addr addr = local_addr(sock);
        char buf[8];

        if (variant < 2) {
            ck_assert_int_eq(send_to(sock, "before", addr), 6);
            shutdown(sock, how ? SHUT_RDWR : SHUT_RD);
            expect(sock, "before");
        } else {
            struct task_joiner joiner =
                spawn_pending(udp_socket_recv_from(sock, buf, 8, NULL));
            shutdown(sock, how ? SHUT_RDWR : SHUT_RD);
            ck_assert_int_eq(task_joiner_join(&joiner), -EPIPE);
        }
        expect_ends(sock, -EPIPE);
        close(sock);
    }
}
END_TEST

// Has an ICMP error come for what the socket sent, so that its error queue is
// not empty? (On loopback it has, by the time that the send returns.)
static bool has_error(int sock)
{
    struct pollfd pollfd = { sock, 0, 0 };

    ck_assert_int_ne(poll(&pollfd, 1, 0), -1);
    return pollfd.revents & POLLERR;
}

static void read_error_queue(int sock)
{
    char data[64], control[512];
    struct iovec iov = { data, sizeof(data) };
    struct msghdr msg = { .msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = control,
                          .msg_controllen = sizeof(control) };

    ck_assert_int_ge(recvmsg(sock, &msg, MSG_ERRQUEUE), 0);
}

// Hazard 45: a socket asks for its errors with IP_RECVERR, and its peer is not
// there. The first receive tells that. From then on epoll reports the error
// until somebody reads the error queue, but recvfrom says EAGAIN. Receives must
// end with -EPIPE meanwhile, without spinning, and work again afterwards.
START_TEST(test_receive_with_unread_error_queue)
{
    int one = 1, sock = bind_to(localhost(0));
    struct socket_addr addr = local_addr(sock), peer = unused_addr(sock);
    char buf[8];

    setsockopt(sock, IPPROTO_IP, IP_RECVERR, &one, sizeof(one));
    for (int i = 0; i < 2; i++) {
        struct task_joiner joiner =
            spawn_pending(udp_socket_recv_from(sock, buf, 8, NULL));
        ck_assert_int_eq(send_to(sock, "anybody?", peer), 8);
        ck_assert_int_eq(task_joiner_join(&joiner), -ECONNREFUSED);
        ck_assert(has_error(sock));
        expect_ends(sock, -EPIPE);
        ck_assert_int_eq(send_to(sock, "hello", addr), 5);
        expect(sock, "hello"); // a datagram goes before
        read_error_queue(sock);
        ck_assert(!has_error(sock));
        joiner = spawn_pending(udp_socket_recv_from(sock, buf, 8, NULL));
        ck_assert_int_eq(send_to(sock, "again", addr), 5);
        ck_assert_int_eq(task_joiner_join(&joiner), 5);
    }
    close(sock);
}
END_TEST

// However often it was polled before: a receive that is shut down ends.
START_TEST(test_receive_polled_often_ends)
{
    int sock = bind_to(localhost(0)), count = 0;
    struct waker waker = counting_waker(&count);
    char buf[8];
    struct future *recv = udp_socket_recv_from(sock, buf, 8, NULL);

    for (int i = 0; i < 10; i++) ck_assert(!poll_by_hand(recv, &waker).ready);
    shutdown(sock, SHUT_RD);
    struct poll poll = poll_by_hand(recv, &waker);
    ck_assert(poll.ready);
    ck_assert_int_eq(poll.value, -EPIPE);
    future_drop(recv);
    close(sock);
}
END_TEST

// Hazard 45: a receive waits on a socket while another one takes its error and
// its datagrams. That is no failure of the first: it must wait on, and get what
// comes later.
START_TEST(test_receive_woken_in_vain)
{
    int sock = bind_to(localhost(0)), count = 0;
    struct socket_addr peer = unused_addr(sock), addr = local_addr(sock);
    struct waker waker = counting_waker(&count);
    char buf[8];
    struct future *recv = udp_socket_recv_from(sock, buf, 8, NULL);

    ck_assert_int_eq(connect(sock, &peer.any, peer.len), 0);
    ck_assert(!poll_by_hand(recv, &waker).ready);
    ck_assert_int_eq(sendto(sock, "anybody?", 8, 0, &peer.any, peer.len), 8);
    wait_until(is_positive, &count);
    ck_assert_int_eq(recv_from(sock, buf, 8, NULL), -ECONNREFUSED);
    ck_assert(!poll_by_hand(recv, &waker).ready);
    int there = bind_to(peer);
    ck_assert_int_eq(send_to(there, "hello", addr), 5);
    expect(sock, "hello");
    ck_assert(!poll_by_hand(recv, &waker).ready);
    ck_assert_int_eq(send_to(there, "again", addr), 5);
    struct poll poll = poll_by_hand(recv, &waker);
    ck_assert(poll.ready);
    ck_assert_int_eq(poll.value, 5);
    future_drop(recv);
    close(there);
    close(sock);
}
END_TEST

// Hazard 29: a send is too long for any datagram. It must be ready with
// -EMSGSIZE, and the socket usable afterwards.
START_TEST(test_overlong_send)
{
    static const char bytes[70000];
    int sock = bind_to(localhost(0));
    struct socket_addr addr = local_addr(sock);
    struct future *send = udp_socket_send_to(sock, bytes, sizeof(bytes), &addr);

    ck_assert_int_eq(executor_block_on(send), -EMSGSIZE);
    ck_assert_int_eq(send_to(sock, "hello", addr), 5);
    expect(sock, "hello");
    close(sock);
}
END_TEST

// Hazard 29: the longest datagram there can be goes through whole.
START_TEST(test_longest_datagram)
{
    static char out[65507], in[65507];
    int sock = bind_to(localhost(0));
    struct socket_addr addr = local_addr(sock);

    for (size_t i = 0; i < sizeof(out); i++) out[i] = (char)(i * i % 251);
    struct future *send = udp_socket_send_to(sock, out, sizeof(out), &addr);
    ck_assert_int_eq(executor_block_on(send), sizeof(out));
    ck_assert_int_eq(recv_from(sock, in, sizeof(in), NULL), sizeof(in));
    ck_assert_mem_eq(in, out, sizeof(out));
    close(sock);
}
END_TEST

// Hazard 29: an IPv4 socket sends to an IPv6 address, and to an address of no
// family at all. It must get an errno, and be usable afterwards.
START_TEST(test_wrong_family)
{
    int sock = bind_to(localhost(0));
    struct socket_addr none = { .len = sizeof(none.v4) };

    none.any.sa_family = AF_UNIX;
    ck_assert_int_eq(send_to(sock, "hello", localhost6(9)), -EAFNOSUPPORT);
    ck_assert_int_eq(send_to(sock, "hello", none), -EAFNOSUPPORT);
    ck_assert_int_eq(send_to(sock, "hello", local_addr(sock)), 5);
    expect(sock, "hello");
    close(sock);
}
END_TEST

// Hazard 29: port 0 must give each socket a free port of its own.
START_TEST(test_port_zero)
{
    int a = bind_to(localhost(0)), b = bind_to(localhost(0));

    ck_assert_int_ne(local_addr(a).v4.sin_port, 0);
    ck_assert_int_ne(local_addr(b).v4.sin_port, 0);
    ck_assert_int_ne(local_addr(a).v4.sin_port, local_addr(b).v4.sin_port);
    close(a);
    close(b);
}
END_TEST

// Hazard 29: a socket cannot be bound. The errno must be told, no descriptor
// left open, and an await on what bind returned give that errno again. A
// descriptor that is no socket must fail too.
START_TEST(test_bind_fails)
{
    struct socket_addr none = localhost(0);
    int sock = bind_to(localhost(0)), fds = count_fds();
    struct socket_addr addr = local_addr(sock);
    char byte;

    int bad = udp_socket_bind(&addr);
    ck_assert_int_eq(bad, -EADDRINUSE);
    ck_assert_int_eq(recv_from(bad, &byte, 1, NULL), bad);
    ck_assert_int_eq(send_to(bad, "x", addr), bad);
    none.any.sa_family = 999;
    ck_assert_int_eq(udp_socket_bind(&none), -EAFNOSUPPORT);
    ck_assert_int_eq(count_fds(), fds);
    int file = open("/dev/null", O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(recv_from(file, &byte, 1, NULL), -ENOTSOCK);
    close(file);
    close(sock);
}
END_TEST

// Hazard 31: a send finds no room and must wait until there is some. Loopback
// UDP always has room, so the socket is one of a Unix pair whose queue is full;
// that of a UDP socket is left to the fault injector.
START_TEST(test_send_waits_for_room)
{
    int type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, queued = 0, pair[2];
    struct socket_addr peer = { .len = 0 }; // the one it is connected to
    char buf[4];

    ck_assert_int_eq(socketpair(AF_UNIX, type, 0, pair), 0);
    while (send(pair[0], "full", 4, 0) == 4) queued++;
    ck_assert_int_eq(errno, EAGAIN);
    struct task_joiner joiner =
        spawn_pending(udp_socket_send_to(pair[0], "last", 4, &peer));
    for (int i = 0; i < queued; i++)
        ck_assert_int_eq(recv(pair[1], buf, 4, 0), 4);
    ck_assert_int_eq(task_joiner_join(&joiner), 4);
    ck_assert_int_eq(recv(pair[1], buf, 4, 0), 4);
    ck_assert_mem_eq(buf, "last", 4);
    close(pair[0]);
    close(pair[1]);
}
END_TEST

// Hazard 45: a socket is shut down for receiving only while a send waits for
// room. However often it is polled meanwhile, it must wait on, and be done when
// there is room.
START_TEST(test_send_does_not_mind_a_shut_receive)
{
    int type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, count = 0, pair[2];
    struct socket_addr peer = { .len = 0 }; // the one it is connected to
    struct waker waker = counting_waker(&count);
    char buf[4];

    ck_assert_int_eq(socketpair(AF_UNIX, type, 0, pair), 0);
    while (send(pair[0], "full", 4, 0) == 4) continue;
    struct future *last = udp_socket_send_to(pair[0], "last", 4, &peer);
    ck_assert(!poll_by_hand(last, &waker).ready);
    ck_assert_int_eq(shutdown(pair[0], SHUT_RD), 0);
    ck_assert(!poll_by_hand(last, &waker).ready);
    ck_assert(!poll_by_hand(last, &waker).ready);
    while (recv(pair[1], buf, 4, 0) == 4) continue;
    wait_until(is_positive, &count);
    struct poll poll = poll_by_hand(last, &waker);
    ck_assert(poll.ready);
    ck_assert_int_eq(poll.value, 4);
    future_drop(last);
    close(pair[0]);
    close(pair[1]);
}
END_TEST

// A blocking descriptor is given to a receive that finds nothing and to a send
// that finds no room. Both must wait without holding up other tasks, and be
// served.
START_TEST(test_blocking_descriptor)
{
    struct socket_addr any = localhost(0), peer = { .len = 0 };
    int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), pair[2];
    char buf[8];

    ck_assert_int_eq(bind(sock, &any.any, any.len), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair),
                     0);
    while (send(pair[0], "full", 4, MSG_DONTWAIT) == 4) continue;
    struct task_joiner receive =
        spawn_pending(udp_socket_recv_from(sock, buf, 8, NULL));
    ck_assert_int_eq(executor_block_on(ready(1)), 1);
    struct task_joiner last =
        spawn_pending(udp_socket_send_to(pair[0], "last", 4, &peer));
    ck_assert_int_eq(executor_block_on(ready(2)), 2);
    ck_assert_int_eq(send_to(sock, "hello", local_addr(sock)), 5);
    ck_assert_int_eq(task_joiner_join(&receive), 5);
    while (recv(pair[1], buf, 4, MSG_DONTWAIT) == 4) continue;
    ck_assert_int_eq(task_joiner_join(&last), 4);
    close(pair[0]);
    close(pair[1]);
    close(sock);
}
END_TEST

// Hazard 32: a receive is dropped while it waits, then a datagram comes. Its
// buffer must stay untouched, and the next receive get the datagram.
START_TEST(test_dropped_receive_takes_nothing)
{
    int count = 0, sock = bind_to(localhost(0));
    struct waker waker = counting_waker(&count);
    struct socket_addr from = { .len = 77 };
    char *buf = malloc(8);
    struct future *recv = udp_socket_recv_from(sock, buf, 8, &from);

    memcpy(buf, "........", 8);
    ck_assert(!poll_by_hand(recv, &waker).ready);
    future_drop(recv);
    ck_assert_int_eq(send_to(sock, "hello", local_addr(sock)), 5);
    ck_assert_mem_eq(buf, "........", 8);
    free(buf); // from here a sanitizer would see it
    expect(sock, "hello");
    ck_assert_int_eq(from.len, 77);
    ck_assert_int_eq(__atomic_load_n(&count, __ATOMIC_SEQ_CST), 0);
    close(sock);
}
END_TEST

// Hazard 32: the datagram has already come and woken the task when its receive
// is dropped. It must still be there for the next one.
START_TEST(test_receive_dropped_after_its_wake)
{
    int sock = bind_to(localhost(0)), count = 0;
    struct socket_addr addr = local_addr(sock);
    struct waker waker = counting_waker(&count);
    char buf[8] = "........";
    struct future *recv = udp_socket_recv_from(sock, buf, 8, NULL);

    ck_assert(!poll_by_hand(recv, &waker).ready);
    ck_assert_int_eq(sendto(sock, "hello", 5, 0, &addr.any, addr.len), 5);
    wait_until(is_positive, &count);
    future_drop(recv);
    ck_assert_mem_eq(buf, "........", 8);
    expect(sock, "hello");
    close(sock);
}
END_TEST

// ---------------------------------------------------------------------------
// Two tasks
// ---------------------------------------------------------------------------

// Two tasks wait to receive from one socket. Each must get one datagram, the
// first of them the first.
START_TEST(test_two_receivers_of_one_socket)
{
    int sock = bind_to(localhost(0));
    struct socket_addr addr = local_addr(sock);
    char buf[2][8];

    for (int i = 0; i < 10; i++) {
        struct task_joiner first =
            spawn_pending(udp_socket_recv_from(sock, buf[0], 8, NULL));
        struct task_joiner second =
            spawn_pending(udp_socket_recv_from(sock, buf[1], 8, NULL));
        ck_assert_int_eq(count_epoll(), 1);
        ck_assert_int_eq(send_to(sock, "first", addr), 5);
        if (i & 1) ck_assert_int_eq(task_joiner_join(&first), 5);
        ck_assert_int_eq(send_to(sock, "second", addr), 6);
        if (!(i & 1)) ck_assert_int_eq(task_joiner_join(&first), 5);
        ck_assert_int_eq(task_joiner_join(&second), 6);
        ck_assert_mem_eq(buf[0], "first", 5);
        ck_assert_mem_eq(buf[1], "second", 6);
    }
    close(sock);
}
END_TEST

// Plays ping-pong: receives a number, and sends one more than that back, until
// it is as high as it shall be.
struct player {
    struct async async;
    int sock, last, number;
    struct socket_addr from;
};

static struct poll player_poll(struct future *future, struct context *cx)
{
    struct player *self = (struct player *)future;

    ASYNC_BEGIN(self);
    while (self->number < self->last) {
        AWAIT(self, udp_socket_recv_from(self->sock, &self->number,
                                         sizeof(self->number), &self->from));
        if (self->async.value != sizeof(self->number)) return POLL_READY(-1);
        self->number++;
        AWAIT(self, udp_socket_send_to(self->sock, &self->number,
                                       sizeof(self->number), &self->from));
        if (self->async.value != sizeof(self->number)) return POLL_READY(-1);
    }
    ASYNC_END(self, self->number);
}

static struct future *player(int sock, int last)
{
    static const struct future_vtable vtable = { "player", player_poll,
                                                 async_drop };
    struct player *self = future_new(sizeof(*self), &vtable);

    self->sock = sock;
    self->last = last;
    return &self->async.future;
}

// Two tasks pass a number to and fro 10^4 times. It must have grown by one
// each time.
START_TEST(test_ping_pong)
{
    int a = bind_to(localhost(0)), b = bind_to(localhost(0)), zero = 0;
    int last = 2 * rounds(10000);
    struct socket_addr b_addr = local_addr(b);

    struct task_joiner second = executor_spawn(player(b, last - 1));
    struct task_joiner first = executor_spawn(player(a, last));
    struct future *serve = udp_socket_send_to(a, &zero, sizeof(zero), &b_addr);
    ck_assert_int_eq(executor_block_on(serve), sizeof(zero));
    ck_assert_int_eq(task_joiner_join(&first), last);
    ck_assert_int_eq(task_joiner_join(&second), last - 1);
    close(a);
    close(b);
}
END_TEST

Suite *udp_suite(void)
{
    Suite *suite = suite_create("udp");

    add_test(suite, test_round_trip, 20);
    add_test(suite, test_ipv6_round_trip, 20);
    add_test(suite, test_pending_receive_is_served, 20);
    add_test(suite, test_truncated_datagram, 20);
    add_test(suite, test_truncated_datagram_while_pending, 20);
    add_test(suite, test_empty_datagram, 20);
    add_test(suite, test_target_is_copied, 20);
    add_test(suite, test_connection_refused, 20);
    add_test(suite, test_socket_number_zero, 10);
    add_test(suite, test_receive_after_shutdown, 20);
    add_test(suite, test_receive_with_unread_error_queue, 20);
    add_test(suite, test_receive_polled_often_ends, 10);
    add_test(suite, test_receive_woken_in_vain, 20);
    add_test(suite, test_overlong_send, 20);
    add_test(suite, test_longest_datagram, 20);
    add_test(suite, test_wrong_family, 20);
    add_test(suite, test_port_zero, 20);
    add_test(suite, test_bind_fails, 20);
    add_test(suite, test_send_waits_for_room, 20);
    add_test(suite, test_send_does_not_mind_a_shut_receive, 20);
    add_test(suite, test_blocking_descriptor, 20);
    add_test(suite, test_dropped_receive_takes_nothing, 20);
    add_test(suite, test_receive_dropped_after_its_wake, 20);
    add_test(suite, test_two_receivers_of_one_socket, 20);
    add_test(suite, test_ping_pong, 60);
    return suite;
}
