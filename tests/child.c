#include "child.h"

#include <dirent.h>
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
