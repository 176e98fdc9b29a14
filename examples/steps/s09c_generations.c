// Step 9c: an event that comes too late.
//
// The book: chapter 8, "Summary". From here to trale it leaves you alone.
// What was wrong:
//     an event that was fetched before the drop wakes the task in vain, or even
//     the next owner of the descriptor's number.
// What changes now:
//     the reactor keeps the wakers, and numbers each change. An event carries the
//     number; if the descriptor has another one by now, it is ignored.
// What is still wrong:
//     a thread has room for eight tasks, in an array that never shrinks.
#define _GNU_SOURCE
#include "s09c_generations.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// The server's address, for all requests.
static struct sockaddr_in server = { .sin_family = AF_INET };

static void server_from_str(const char *text)
{
    char ip[16], port[6] = "0";
    int end = 0;

    sscanf(text, "%15[0-9.]:%5[0-9]%n", ip, port, &end);
    server.sin_port = htons((uint16_t)atoi(port));
    if (end == 0 || text[end] != '\0' || atoi(port) > UINT16_MAX ||
        inet_pton(AF_INET, ip, &server.sin_addr) != 1)
        errx(2, "%s is no address such as 127.0.0.1:8080", text);
}

// A leaf future: it asks no other future but the kernel. It is ready, with the
// last line of the reply, once the server has closed the connection.
enum { REPLY_MAX = 1024 };

struct http_get {
    struct future future;
    int millis, n;
    int fd; // -1: not started, for a future does nothing before its first poll
    char *reply; // room for REPLY_MAX bytes, of which
    size_t len;  // so many have come
};

// Connects and sends the request. As in the book this blocks, for a moment: it
// is only reading that waits for the server's answer.
static void http_get_start(struct http_get *self)
{
    char text[128];
    int len = snprintf(text, sizeof(text),
                       "GET /%d/HelloWorld%d HTTP/1.1\r\n"
                       "Host: localhost\r\nConnection: close\r\n\r\n",
                       self->millis, self->n);

    printf("FIRST POLL - START OPERATION\n");
    self->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (self->fd == -1 ||
        connect(self->fd, (struct sockaddr *)&server, sizeof(server)) == -1 ||
        send(self->fd, text, (size_t)len, MSG_NOSIGNAL) != len ||
        fcntl(self->fd, F_SETFL, O_NONBLOCK) == -1)
        err(1, "cannot ask the server");
}

static struct poll http_get_poll(struct future *future, struct waker waker)
{
    struct http_get *self = (struct http_get *)future;
    ssize_t n;

    if (self->fd == -1) {
        http_get_start(self);
        return reactor_register(self->fd, waker);
    }
    do {
        n = read(self->fd, self->reply + self->len, REPLY_MAX - 1 - self->len);
        if (n > 0) self->len += (size_t)n;
    } while (n > 0);
    if (n == -1 && errno == EAGAIN) return reactor_set_waker(self->fd, waker);
    if (n == -1) err(1, "cannot read the reply");
    if (self->len == REPLY_MAX - 1) errx(1, "the reply is too long");
    self->reply[self->len] = '\0';
    char *newline = strrchr(self->reply, '\n');
    return POLL_READY(newline != NULL ? newline + 1 : self->reply);
}

static void http_get_drop(struct future *future)
{
    struct http_get *self = (struct http_get *)future;

    if (self->fd == -1) return; // it was never polled
    reactor_deregister(self->fd);
    close(self->fd);
}

static struct future *http_get(int millis, int n, char *reply)
{
    static const struct future_vtable vtable = { http_get_poll, http_get_drop };
    struct http_get *self = future_new(sizeof(*self), &vtable);

    self->millis = millis;
    self->n = n;
    self->fd = -1;
    self->reply = reply;
    return &self->future;
}

struct request {
    struct async async;
    int millis, n;
    char reply[REPLY_MAX];
};

static struct poll request_poll(struct future *future, struct waker waker)
{
    struct request *self = (struct request *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, http_get(self->millis, self->n, self->reply));
    printf("%s\n", (char *)self->async.value);
    ASYNC_END(self, 0);
}

static struct future *request(int millis, int n)
{
    static const struct future_vtable vtable = { request_poll, async_drop };
    struct request *self = future_new(sizeof(*self), &vtable);

    self->millis = millis;
    self->n = n;
    return &self->async.future;
}

struct async_main {
    struct async async;
    int requests[5], i;
};

static struct poll async_main_poll(struct future *future, struct waker waker)
{
    struct async_main *self = (struct async_main *)future;

    ASYNC_BEGIN(self);
    printf("Program starting\n");
    for (int i = 0; i < 5; i++)
        self->requests[i] = executor_spawn(request(i * 1000, i));
    for (self->i = 0; self->i < 5; self->i++)
        AWAIT(self, task_join(self->requests[self->i]));
    ASYNC_END(self, 0);
}

static void *executor_thread(void *name)
{
    static const struct future_vtable vtable = { async_main_poll, async_drop };

    block_on(future_new(sizeof(struct async_main), &vtable), name);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[11];
    char names[11][8];

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // by lines, as println! does
    server_from_str(argc > 1 ? argv[1] : "127.0.0.1:8080");
    reactor_start();
    for (int i = 0; i < 11; i++) {
        snprintf(names[i], sizeof(names[i]), "exec-%d", i + 1);
        if (pthread_create(&threads[i], NULL, executor_thread, names[i]) != 0)
            errx(1, "cannot start a thread");
    }
    executor_thread("main");
    for (int i = 0; i < 11; i++) pthread_join(threads[i], NULL);
    return 0;
}

// Expected output, after so many seconds, of each of the twelve, all mixed:
//
//     0.0  Program starting
//     0.0  FIRST POLL - START OPERATION (5 times)
//     0.0  HelloWorld0
//     1.0  HelloWorld1
//     2.0  HelloWorld2
//     3.0  HelloWorld3
//     4.0  HelloWorld4
//     4.0  main: All tasks are finished
