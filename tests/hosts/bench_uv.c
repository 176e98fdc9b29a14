// The same round trip as in bench.c, on libuv.
#include <err.h>
#include <stdio.h>
#include <time.h>
#include <uv.h>

enum { ROUND_TRIPS = 30000, SIZE = 64 };

static uv_udp_t ends[2];
static struct sockaddr_storage addrs[2];
static int left = 2 * ROUND_TRIPS;

static void send_bytes(int i)
{
    static char bytes[SIZE];
    uv_buf_t buf = uv_buf_init(bytes, SIZE);

    if (uv_udp_try_send(&ends[i], &buf, 1, (struct sockaddr *)&addrs[!i]) !=
        SIZE)
        errx(1, "uv_udp_try_send");
}

static void give_buffer(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    static char bytes[SIZE];

    (void)handle, (void)size;
    *buf = uv_buf_init(bytes, SIZE);
}

static void received(uv_udp_t *end, ssize_t n, const uv_buf_t *buf,
                     const struct sockaddr *from, unsigned flags)
{
    (void)buf, (void)flags;
    if (n == 0 && from == NULL) return; // nothing more for now
    if (n != SIZE) errx(1, "received %zd bytes", n);
    if (--left == 0)
        uv_stop(uv_default_loop());
    else
        send_bytes(end == &ends[1]);
}

int main(void)
{
    struct timespec start, stop;

    for (int i = 0; i < 2; i++) {
        int len = sizeof(addrs[i]);
        uv_ip4_addr("127.0.0.1", 0, (struct sockaddr_in *)&addrs[i]);
        uv_udp_init(uv_default_loop(), &ends[i]);
        if (uv_udp_bind(&ends[i], (struct sockaddr *)&addrs[i], 0) != 0 ||
            uv_udp_getsockname(&ends[i], (struct sockaddr *)&addrs[i], &len) !=
                0)
            errx(1, "a socket");
        uv_udp_recv_start(&ends[i], give_buffer, received);
    }
    clock_gettime(CLOCK_MONOTONIC, &start);
    send_bytes(0);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    clock_gettime(CLOCK_MONOTONIC, &stop);
    printf("libuv %.0f\n", ((double)(stop.tv_sec - start.tv_sec) * 1e9 +
                            (double)(stop.tv_nsec - start.tv_nsec)) /
                               ROUND_TRIPS);
    return 0;
}
