// Numbers that 32 bits cannot hold (hazard 53): of tasks, and of seconds. Looks
// into trale.c to begin where 2^32 tasks would end. tests/check_compile.sh runs
// it, and in 32 bits too where the compiler can.
#include "trale.c"

#include <dirent.h>
#include <stdatomic.h>

static struct poll nothing_poll(struct future *future, struct context *cx)
{
    (void)future, (void)cx;
    return POLL_READY(7);
}

static struct future *nothing(void)
{
    static const struct future_vtable vtable = { "nothing", nothing_poll,
                                                 NULL };

    return future_new(sizeof(struct future), &vtable);
}

static void expect(const char *what, long actual, long expected)
{
    if (actual == expected) return;
    fprintf(stderr, "%s: %ld instead of %ld\n", what, actual, expected);
    exit(1);
}

static int count_threads(void)
{
    DIR *dir = opendir("/proc/self/task");
    int count = -2; // "." and ".."

    while (readdir(dir) != NULL) count++;
    closedir(dir);
    return count;
}

static atomic_int wakes;

static void count_nothing(void *data)
{
    (void)data;
}

static void count_wake(void *data)
{
    (void)data;
    wakes++;
}

// Tasks number 2^32 - 1 to 2^32 + 1 must run on the one executor that there is.
static void spawn_past_the_end(void)
{
    executor_block_on(nothing());
    int threads = count_threads();
    executor.spawned = UINT32_MAX - 2;
    for (int i = 0; i < 3; i++)
        expect("the output", executor_block_on(nothing()), 7);
    expect("more threads after 2^32 tasks", count_threads(), threads);
}

// Sleeps of so many seconds must neither fail nor end, nor let the reactor wake
// anybody for nothing.
static void sleep_past_the_end(void)
{
    static const struct waker_vtable vtable = { count_nothing, count_wake,
                                                count_nothing };
    static const int64_t secs[] = { INT32_MAX,  INT64_C(1) << 31,
                                    UINT32_MAX, (INT64_C(1) << 32) + 1,
                                    INT64_MAX,  INT64_C(100) * 365 * 86400 };
    enum { N = sizeof(secs) / sizeof(*secs) };
    struct waker waker = { &vtable, NULL };
    struct context cx = { &waker };
    struct future *sleeps[N];

    for (int i = 0; i < N; i++) {
        sleeps[i] = timer_sleep(duration_from_secs(secs[i]));
        struct poll poll = future_poll(sleeps[i], &cx);
        if (poll.ready) expect("a long sleep", poll.value, 1);
    }
    executor_block_on(timer_sleep(duration_from_millis(50)));
    expect("wakes of long sleeps", wakes, 0);
    for (int i = 0; i < N; i++) future_drop(sleeps[i]);
}

int main(void)
{
    sleep_past_the_end();
    spawn_past_the_end();
    return 0;
}
