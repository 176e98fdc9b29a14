// Makes each allocation of the programs in programs.c fail, one at a time: the
// run must end with one line that says so, and an abort. (There is nothing else
// that can fail in promises; what trale.c calls is for tests/torture.c.)
//
// Linked with -Wl,--wrap=malloc and -Wl,--wrap=calloc, which libc's own calls do
// not pass through. Each run is a process of its own.
#define _POSIX_C_SOURCE 200809L
#include "programs.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);

// Counts down to the one that fails. The executor thread allocates as well.
static _Atomic long left;

void *__wrap_malloc(size_t size)
{
    return --left == 0 ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return --left == 0 ? NULL : __real_calloc(n, size);
}

// Runs the part in a child, with its nth allocation failing. Returns whether
// there was an nth.
static int fails_at(const struct lwt_part *part, long n)
{
    char text[500];
    size_t len = 0;
    int fds[2], status;

    fflush(stdout);
    if (pipe(fds) == -1) abort();
    pid_t child = fork();
    if (child == -1) abort();
    if (child == 0) {
        FILE *out = fopen("/dev/null", "w");
        dup2(fds[1], STDERR_FILENO);
        setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
        alarm(20); // one that hangs is ended by SIGALRM
        left = n;
        lwt_part_run(part, out);
        fclose(out);
        _exit(left > 0 ? 0 : 3); // 3: it failed, and nobody minded
    }
    close(fds[1]);
    for (ssize_t got = 1; got > 0 && len < sizeof(text) - 1; len += (size_t)got)
        got = read(fds[0], text + len, sizeof(text) - 1 - len);
    text[len] = '\0';
    close(fds[0]);
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && len == 0) return 0;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
        strncmp(text, "trale: ", 7) == 0 &&
        strstr(text, "out of memory\n") == text + len - 14)
        return 1;
    printf("%s, allocation %ld: status %#x, and on stderr: %s\n", part->name, n,
           (unsigned)status, text);
    exit(1);
}

int main(void)
{
    long total = 0;

    for (const struct lwt_part *part = lwt_parts; part->name != NULL; part++) {
        long n = 1;
        while (fails_at(part, n)) n++;
        if (n == 1) return 1; // then nothing was tried
        total += n - 1;
    }
    printf("promises: each of %ld allocations has failed, and was told of\n",
           total);
    return 0;
}
