#include "child.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

double multiplier(void)
{
    const char *text = getenv("CK_TIMEOUT_MULTIPLIER");

    return text != NULL ? atof(text) : 1;
}

int child_threads(const struct child *child)
{
    char path[40];
    int count = -2; // "." and ".."

    snprintf(path, sizeof(path), "/proc/%d/task", (int)child->pid);
    DIR *dir = opendir(path);
    ck_assert_ptr_nonnull(dir);
    while (readdir(dir) != NULL) count++;
    closedir(dir);
    return count;
}

int sanitizer_threads(void)
{
#ifdef __has_feature
#if __has_feature(thread_sanitizer)
    return 1;
#endif
#endif
#ifdef __SANITIZE_THREAD__
    return 1;
#endif
    return 0;
}

void child_start(struct child *child, const char *example, const char *arg)
{
    char path[200];
    const char *argv[] = { path, arg, NULL };

    snprintf(path, sizeof(path), "%s/examples/%s", BUILD, example);
    child_start_command(child, argv);
}

void child_start_command(struct child *child, const char *const argv[])
{
    int out[2], err[2];

    ck_assert_int_eq(pipe(out), 0);
    ck_assert_int_eq(pipe(err), 0);
    *child = (struct child){ .out.fd = out[0], .err.fd = err[0] };
    child->start = now();
    child->pid = fork();
    ck_assert_int_ne(child->pid, -1);
    if (child->pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        for (int i = 0; i < 2; i++) {
            close(out[i]);
            close(err[i]);
        }
        execv(argv[0], (char *const *)argv);
        perror(argv[0]);
        _exit(127);
    }
    close(out[1]);
    close(err[1]);
}

static void stream_read(struct stream *stream)
{
    size_t room = sizeof(stream->text) - 1 - stream->len;
    ssize_t n = read(stream->fd, stream->text + stream->len, room);

    ck_assert_msg(n >= 0 && room > 0, "cannot read more: %s", stream->text);
    stream->len += (size_t)n;
    if (n > 0) return;
    close(stream->fd);
    stream->fd = -1;
}

void child_poll(struct child *child)
{
    struct pollfd fds[] = { { child->out.fd, POLLIN, 0 },
                            { child->err.fd, POLLIN, 0 } };
    size_t seen = child->out.len;
    double before = now();
    int n = poll(fds, 2, 10);
    double after = now(), late = after - before - 0.010;

    ck_assert_int_ne(n, -1);
    if (n == 0 && late > child->lateness) child->lateness = late;
    int threads = child_threads(child) - sanitizer_threads();
    if (threads > child->threads) child->threads = threads;
    if (fds[0].revents != 0) stream_read(&child->out);
    if (fds[1].revents != 0) stream_read(&child->err);
    for (; seen < child->out.len; seen++) {
        if (child->out.text[seen] != '\n') continue;
        ck_assert_int_lt(child->lines, LINES_MAX);
        child->times[child->lines++] = after - child->start;
    }
}

int child_end(struct child *child)
{
    int status;

    while (child->out.fd != -1 || child->err.fd != -1) child_poll(child);
    ck_assert_int_eq(waitpid(child->pid, &status, 0), child->pid);
    ck_assert_msg(WIFEXITED(status), "status %#x, stderr: %s", (unsigned)status,
                  child->err.text);
    return WEXITSTATUS(status);
}

// ---------------------------------------------------------------------------
// What an example prints
// ---------------------------------------------------------------------------

// A line of the comment "Expected output, after so many seconds".
struct expected {
    double time;
    char text[80];
    bool seen;
};

// Returns how many lines there are, and whether they come in just this order.
static int read_expected(const char *example, struct expected *expected,
                         bool *in_order)
{
    char line[200];
    int count = 0;
    bool found = false;

    snprintf(line, sizeof(line), "examples/%s.c", example);
    FILE *file = fopen(line, "r");
    ck_assert_msg(file != NULL, "%s: %s", line, strerror(errno));
    while (fgets(line, sizeof(line), file) != NULL) {
        struct expected *e = &expected[count];
        *in_order |= strstr(line, "Expected output, in this order,") != NULL;
        if (strstr(line, "Expected output,") != NULL)
            found = true;
        else if (found &&
                 sscanf(line, "// %lf %79[^\n]", &e->time, e->text) == 2)
            count++;
        ck_assert_int_lt(count, LINES_MAX);
    }
    fclose(file);
    ck_assert_msg(count > 0, "%s.c says nothing of its output", example);
    return count;
}

// Is this the line? <anything> in the pattern stands for digits.
static bool matches(const char *pattern, const char *line)
{
    for (; *pattern != '\0'; pattern++) {
        if (*pattern != '<') {
            if (*pattern != *line++) return false;
            continue;
        }
        size_t digits = strspn(line, "0123456789");
        if (digits == 0) return false;
        line += digits;
        pattern = strchr(pattern, '>');
        ck_assert_ptr_nonnull(pattern);
    }
    return *line == '\0';
}

// Of the lines expected at this time, finds one not yet seen that is like the
// text: lines of one time may come in any order.
static struct expected *find_expected(struct expected *expected, int count,
                                      double time, const char *text)
{
    for (struct expected *e = expected; e < expected + count; e++)
        if (!e->seen && e->time == time && matches(e->text, text)) return e;
    return NULL;
}

// The child's times are a little late where the whole machine is.
static void assert_in_time(const struct child *child, int line, double expected)
{
    double allowed = (0.150 + 10 * child->lateness) * multiplier();
    double time = child->times[line];

    ck_assert_msg(time > expected - 0.050 && time < expected + allowed,
                  "at %.3f s, not %.3f to %.3f s: line %d of\n%s", time,
                  expected - 0.050, expected + allowed, line + 1,
                  child->out.text);
}

void assert_prints(const char *example, int threads)
{
    struct expected expected[LINES_MAX] = { { .seen = false } };
    bool in_order = false;
    int count = read_expected(example, expected, &in_order);
    struct child child;

    child_start(&child, example, NULL);
    int code = child_end(&child);
    ck_assert_str_eq(child.err.text, "");
    ck_assert_int_eq(code, 0);
    ck_assert_msg(child.lines == count, "%d lines instead of %d:\n%s",
                  child.lines, count, child.out.text);
    char copy[sizeof(child.out.text)], *rest = copy;
    memcpy(copy, child.out.text, sizeof(copy));
    for (int i = 0; i < count; i++) {
        char *text = strsep(&rest, "\n");
        double time = expected[i].time;
        struct expected *e = find_expected(expected, count, time, text);
        if (in_order && !matches(expected[i].text, text)) e = NULL;
        ck_assert_msg(e != NULL, "not expected as line %d: %s", i + 1, text);
        e->seen = true;
        assert_in_time(&child, i, time);
    }
    ck_assert_str_eq(rest, ""); // nothing after the last newline
    if (threads != 0) ck_assert_int_eq(child.threads, threads);
}
