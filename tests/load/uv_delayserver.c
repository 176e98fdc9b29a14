// delayserver once more, for libuv: what examples/delayserver.c is measured
// beside. It does what the load needs, and leaves out what it does not.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct peer {
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write;
    int handles; // that are not closed yet
    size_t len;
    char head[16384], reply[256];
};

static void closed(uv_handle_t *handle)
{
    struct peer *peer = handle->data;

    if (--peer->handles == 0) free(peer);
}

static void end(struct peer *peer)
{
    if (uv_is_closing((uv_handle_t *)&peer->tcp)) return;
    uv_close((uv_handle_t *)&peer->tcp, closed);
    uv_close((uv_handle_t *)&peer->timer, closed);
}

static void written(uv_write_t *write, int status)
{
    (void)status;
    end(write->data);
}

static void reply(uv_timer_t *timer)
{
    struct peer *peer = timer->data;
    int len = snprintf(peer->reply, sizeof(peer->reply),
                       "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                       "Content-Length: 5\r\nConnection: close\r\n\r\nhello");
    uv_buf_t buf = uv_buf_init(peer->reply, (unsigned)len);

    peer->write.data = peer;
    if (uv_write(&peer->write, (uv_stream_t *)&peer->tcp, &buf, 1, written) < 0)
        end(peer);
}

static void give_up(uv_timer_t *timer)
{
    end(timer->data);
}

static void room(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct peer *peer = handle->data;

    (void)size;
    *buf = uv_buf_init(peer->head + peer->len,
                       (unsigned)(sizeof(peer->head) - 1 - peer->len));
}

static void has_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct peer *peer = stream->data;
    int millis;

    (void)buf;
    if (n < 0) {
        end(peer);
        return;
    }
    peer->len += (size_t)n;
    if (strstr(peer->head, "\r\n\r\n") == NULL) return;
    if (sscanf(peer->head, "GET /%d/", &millis) != 1) {
        end(peer);
        return;
    }
    peer->len = 0; // what follows is not wanted, but its end is
    printf("%dms: hello\n", millis);
    uv_timer_start(&peer->timer, reply, (uint64_t)millis, 0);
    memset(peer->head, 0, sizeof(peer->head));
}

static void connected(uv_stream_t *listener, int status)
{
    struct peer *peer = calloc(1, sizeof(*peer));

    if (status < 0 || peer == NULL) {
        free(peer);
        return;
    }
    uv_tcp_init(listener->loop, &peer->tcp);
    uv_timer_init(listener->loop, &peer->timer);
    peer->tcp.data = peer->timer.data = peer;
    peer->handles = 2;
    if (uv_accept(listener, (uv_stream_t *)&peer->tcp) < 0) {
        end(peer);
        return;
    }
    uv_timer_start(&peer->timer, give_up, 5000, 0);
    uv_read_start((uv_stream_t *)&peer->tcp, room, has_read);
}

int main(int argc, char **argv)
{
    uv_loop_t *loop = uv_default_loop();
    struct sockaddr_in addr;
    uv_tcp_t listener;

    uv_ip4_addr("127.0.0.1", argc > 1 ? atoi(argv[1]) : 8080, &addr);
    uv_tcp_init(loop, &listener);
    if (uv_tcp_bind(&listener, (struct sockaddr *)&addr, 0) < 0 ||
        uv_listen((uv_stream_t *)&listener, 4096, connected) < 0) {
        fprintf(stderr, "uv_delayserver: cannot listen\n");
        return 1;
    }
    return uv_run(loop, UV_RUN_DEFAULT);
}
