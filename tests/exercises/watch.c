// Watches the checks of an exercise. This program holds none of the student's
// code: the program with that is started once for each check. What happens to
// it, we see from outside: how it ended, whether it slept or spun, what it
// printed.
//
// Between us and the check there is a third process, the keeper: it is the
// parent that the student's code finds. It leads a session of its own, inherits
// whatever is started and left behind, and ends all of that with the check.
//
// Usage: watch ITEMS RESULTS FILE PROGRAM. ITEMS is the list of checks: name,
// points and title, apart by tabs. For each of them a line goes to RESULTS:
// name, points, passed or failed, title, and for a failure the message, the
// task, the last events and where to read, in which the byte 036 stands for a
// newline. FILE is the student's, whose lines are quoted.
//
// EXERCISE_ROUNDS=200 does each check so often. EXERCISE_FAIL_FAST=1 leaves out
// those after the first that fails. EXERCISE_TRACE=1 shows all that the checks
// and the student's code print. EXERCISE_TIMES=FILE notes there how long each
// check took.
#define _GNU_SOURCE
#include "shared.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 3 };

static const char *exercise_file, *program;

// What the keeper tells us. The check's own process does not have this memory.
struct kept {
    _Atomic pid_t pid; // of the check
    atomic_int status; // of waitpid, once it has ended
    atomic_bool ended;
    atomic_int left; // so many processes it has left behind
};

// What the child has printed: its last events, its last lines that are neither
// an event nor a report, the line of a panic, and the report of a sanitizer.
struct output {
    char part[600]; // a line that has not ended yet
    size_t part_len;
    char events[EVENTS][600], lines[EVENTS][200], panic[600];
    int event_count, line_count;
    char report[32768];
    size_t report_len;
};

// How the child ended, as seen from here.
struct ending {
    int status; // of waitpid
    bool asleep, spinning, overdue;
    bool keeper_lost;  // somebody has stopped or killed it
    int left;          // processes that were left behind
    double after, cpu; // seconds
};

static const char *setting(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && *value != '\0' ? value : NULL;
}

static double multiplier(void)
{
    const char *value = setting("CK_TIMEOUT_MULTIPLIER");

    return value != NULL && atof(value) > 0 ? atof(value) : 1;
}

static int rounds_wanted(void)
{
    const char *value = setting("EXERCISE_ROUNDS");

    return value != NULL && atoi(value) > 0 ? atoi(value) : 1;
}

// ---------------------------------------------------------------------------
// What the child prints
// ---------------------------------------------------------------------------

static bool is_event(const char *line)
{
    const char *p = line + strspn(line, " ");
    size_t whole = strspn(p, "0123456789");

    return whole > 0 && p[whole] == '.' &&
           strspn(p + whole + 1, "0123456789") == 6 && p[whole + 7] == ' ';
}

static bool is_report(const char *line)
{
    return strstr(line, "ERROR: AddressSanitizer") != NULL ||
           strstr(line, "ERROR: LeakSanitizer") != NULL ||
           strstr(line, "LeakSanitizer has encountered") != NULL ||
           strstr(line, "WARNING: ThreadSanitizer") != NULL ||
           strstr(line, "ERROR: ThreadSanitizer") != NULL ||
           strstr(line, "FATAL: ThreadSanitizer") != NULL ||
           strstr(line, ": runtime error: ") != NULL;
}

static void output_line(struct output *output, const char *line)
{
    static const char panic[] = "trale: ";
    size_t len = strlen(line);

    if (setting("EXERCISE_TRACE")) fprintf(stderr, "    %s\n", line);
    if (output->report_len > 0 || is_report(line)) {
        if (output->report_len + len + 2 > sizeof(output->report)) return;
        memcpy(output->report + output->report_len, line, len);
        output->report_len += len;
        output->report[output->report_len++] = '\n';
        output->report[output->report_len] = '\0';
    } else if (is_event(line)) {
        snprintf(output->events[output->event_count++ % EVENTS],
                 sizeof(output->events[0]), "%s", line);
    } else if (strncmp(line, panic, strlen(panic)) == 0) {
        snprintf(output->panic, sizeof(output->panic), "%s",
                 line + strlen(panic));
    } else if (len > 0 && strspn(line, "=") < len) {
        snprintf(output->lines[output->line_count++ % EVENTS],
                 sizeof(output->lines[0]), "%.199s", line);
    }
}

static void output_take(struct output *output, const char *text, size_t len)
{
    char line[sizeof(output->part)];

    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\n') {
            if (output->part_len + 1 < sizeof(output->part))
                output->part[output->part_len++] = text[i];
            continue;
        }
        memcpy(line, output->part, output->part_len);
        line[output->part_len] = '\0';
        output->part_len = 0;
        output_line(output, line);
    }
}

// ---------------------------------------------------------------------------
// Watching the child
// ---------------------------------------------------------------------------

static double wall(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// The processor time that the child has used; nothing once it has ended.
static double cpu_of(pid_t pid)
{
    struct timespec time;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &time))
        return 0;
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// Whether every thread of the child sleeps. One that could run but has to wait
// for a processor does not sleep, however busy the machine is.
static bool all_asleep(pid_t pid)
{
    char path[64], text[512];
    struct dirent *entry;
    bool asleep = true;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    if (dir == NULL) return false;
    while (asleep && (entry = readdir(dir)) != NULL) {
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        snprintf(path, sizeof(path), "/proc/%d/task/%.20s/stat", (int)pid,
                 entry->d_name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t len = fd == -1 ? -1 : read(fd, text, sizeof(text) - 1);
        if (fd != -1) close(fd);
        text[len > 0 ? len : 0] = '\0';
        const char *state = strrchr(text, ')');
        asleep = state != NULL && state[1] == ' ' && state[2] == 'S';
    }
    closedir(dir);
    return asleep;
}

// Ends and buries whatever descends from us. Whose parent has ended is our
// child by then (PR_SET_CHILD_SUBREAPER), so this comes to an end. Returns how
// many were still alive.
static int bury_children(void)
{
    int alive = 0;

    for (;;) {
        char path[64], text[4096] = "";
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid > 0) continue;
        if (pid == -1) return alive;
        snprintf(path, sizeof(path), "/proc/self/task/%d/children",
                 (int)getpid());
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd == -1 ? 0 : read(fd, text, sizeof(text) - 1);
        if (fd != -1) close(fd);
        char *next = text;
        for (long child; n > 0 && (child = strtol(next, &next, 10)) > 0;) {
            kill((pid_t)child, SIGKILL);
            if (waitpid((pid_t)child, NULL, 0) > 0) alive++;
        }
        if (n <= 0) return alive; // a kernel without that file
    }
}

// The check itself, from here on: its output goes to fds[1].
static _Noreturn void become_check(const char *name, int memory, int output)
{
    char number[16];

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The thread sanitizer wants its part of the address space for itself.
    personality(ADDR_NO_RANDOMIZE);
    snprintf(number, sizeof(number), "%d", memory);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    fcntl(memory, F_SETFD, 0);
    execl(program, program, name, number, (char *)NULL);
    _exit(127);
}

static _Noreturn void keep(const char *name, int memory, int output,
                           struct kept *kept)
{
    int status = 0;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    setsid();
    pid_t pid = fork();
    if (pid == 0) become_check(name, memory, output);
    kept->pid = pid;
    if (pid == -1) _exit(1);
    close(output);
    while (waitpid(pid, &status, 0) == -1 && errno == EINTR) {
    }
    kept->status = status;
    kept->left = bury_children();
    kept->ended = true;
    _exit(0);
}

// Reads what the child prints until it ends, or is ended for one of three
// reasons. It hangs asleep if all threads sleep whenever we look, and nothing
// happens, for a second. That is asked only while a check runs: a leak checker
// or a symbolizer may well take its time.
static struct ending watch(pid_t keeper, int fd, struct output *output,
                           struct shared *shared, struct kept *kept)
{
    double began = wall(), since = began, cpu_then = 0;
    int rounds = rounds_wanted();
    double scale = multiplier() * (rounds > 10 ? rounds / 10.0 : 1);
    struct ending ending = { .after = 0 };
    int progress = 0; // what has been narrated, and the repetitions

    for (bool running = true; running;) {
        struct pollfd input = { .fd = fd, .events = POLLIN };
        char text[4096];
        int status;

        running = waitpid(keeper, &status, WNOHANG | WUNTRACED) == 0;
        if (running) poll(&input, 1, 10);
        for (ssize_t n; (n = read(fd, text, sizeof(text))) > 0;)
            output_take(output, text, (size_t)n);
        pid_t pid = kept->pid;
        double time = wall(), cpu = pid > 0 ? cpu_of(pid) : 0;
        ending.after = time - began;
        if (!running || ending.asleep || ending.spinning || ending.overdue)
            continue;
        if (cpu - cpu_then > 0.05 * (time - since) || shared->over ||
            shared->patient || !shared->began || pid == 0 ||
            output->event_count + shared->round != progress ||
            output->report_len > 0 || !all_asleep(pid)) {
            progress = output->event_count + shared->round;
            since = time;
            cpu_then = cpu;
        }
        ending.asleep = time - since > multiplier();
        ending.spinning = cpu > scale && output->report_len == 0;
        ending.overdue = time - began > 4.5 * scale;
        if (ending.asleep || ending.spinning || ending.overdue)
            kill(pid, SIGKILL);
        ending.cpu = cpu;
    }
    if (output->part_len > 0) output_take(output, "\n", 1);
    ending.keeper_lost = !kept->ended;
    ending.status = kept->status;
    ending.left = kept->left;
    bury_children();
    return ending;
}

// ---------------------------------------------------------------------------
// Explaining how it ended
// ---------------------------------------------------------------------------

// Whether the file of that name, without .c, is one of EXERCISE_MADE_OF.
static bool is_part(const char *name, int len)
{
    const char *parts = setting("EXERCISE_MADE_OF");
    char word[80];

    if (len < 2 || len > 70) return false;
    snprintf(word, sizeof(word), "%.*s ", len, name);
    return parts != NULL && strstr(parts, word) != NULL;
}

// The first line of the student's file in that part of a report, or of a part of
// it: the name of the file, and the number behind it.
static const char *next_line(const char *from, const char *to, int *len)
{
    const char *base = strrchr(exercise_file, '/');
    const char *own = base != NULL ? base + 1 : exercise_file;

    for (const char *p = from; (p = strstr(p, ".c:")) != NULL && p < to; p++) {
        const char *name = p;
        while (name > from && name[-1] != '/' && !isspace(name[-1])) name--;
        *len = (int)(p + 2 - name);
        bool is_own =
            strncmp(name, own, (size_t)*len) == 0 && own[*len] == '\0';
        if (isdigit((unsigned char)p[3]) && (is_own || is_part(name, *len - 2)))
            return name;
    }
    return NULL;
}

// " at 04.c:12"; and if that is a part which is called by another part, as the
// queue is by whoever has its lock, " at 03.c:12, called at 06.c:20".
static bool find_line(const char *from, const char *to, char *text, size_t size)
{
    const char *base = strrchr(exercise_file, '/');
    int folder = base != NULL ? (int)(base + 1 - exercise_file) : 0;
    int len, other = 0;

    *text = '\0';
    const char *name = next_line(from, to, &len);
    if (name == NULL) return false;
    int n = snprintf(text, size, " at %.*s%.*s:%d", folder, exercise_file, len,
                     name, atoi(name + len + 1));
    const char *end = strstr(name, "\n\n"), *caller = name;
    if (end == NULL || end > to) end = to;
    while ((caller = next_line(caller + len, end, &other)) != NULL)
        if (other != len || strncmp(caller, name, (size_t)len) != 0) break;
    if (caller != NULL && n > 0 && (size_t)n < size)
        snprintf(text + n, size - (size_t)n, ", called at %.*s%.*s:%d", folder,
                 exercise_file, other, caller, atoi(caller + other + 1));
    return true;
}

// The function of frame number n of that stack: " by future_drop".
static void find_function(const char *from, const char *to, int n, char *text,
                          size_t size)
{
    char frame[16];

    *text = '\0';
    snprintf(frame, sizeof(frame), "#%d ", n);
    const char *p = strstr(from, frame);
    if (p == NULL || p > to || (p = strstr(p, " in ")) == NULL || p > to)
        return;
    snprintf(text, size, " by %.*s", (int)strcspn(p + 4, " ("), p + 4);
}

// " at FILE:LINE" if the student's file is in that part of the report, or else
// by which function.
static void find_place(const char *from, const char *to, int n, char *text,
                       size_t size)
{
    if (!find_line(from, to, text, size))
        find_function(from, to, n, text, size);
}

// What a sanitizer calls it, and what it is.
static const char *const reports[][2] = {
    { "LeakSanitizer has encountered a fatal error",
      "The leak checker cannot run on this machine (it needs ptrace). Leaks go "
      "unseen with ASAN_OPTIONS=detect_leaks=0; everything else is checked" },
    { "attempting free on",
      "It freed%s what is no memory from malloc. A future is given back with "
      "future_drop, and its drop function releases what the struct owns, but "
      "not the struct itself" },
    { "heap-buffer-overflow", "It went beyond the end of its memory%s" },
    { "stack-use-after-return",
      "It used a local variable of a function that had returned%s. What lives "
      "on must be in a struct on the heap" },
    { "stack-use-after-scope",
      "It used a local variable whose block had ended%s" },
    { "stack-buffer-overflow", "It went beyond the end of a local variable%s" },
    { "global-buffer-overflow",
      "It went beyond the end of a global variable%s" },
    { "stack-overflow", "It called itself until the stack was full%s" },
    { "SEGV on unknown address 0x0000000000",
      "It crashed%s: it followed a NULL pointer" },
    { "SEGV", "It crashed%s: it followed a pointer that leads nowhere" },
    { "data race",
      "Two threads used the same memory at the same time%s, and at least one "
      "of them changed it. Both must hold the same lock" },
    { "lock-order-inversion",
      "Two locks are taken in one order here and in the other order there%s, "
      "so two threads may wait for each other for ever" },
    { "double lock of a mutex", "It locked a mutex that it had locked%s" },
    { "unlock of an unlocked mutex",
      "It unlocked a mutex that was not locked%s" },
    { "destroy of a locked mutex", "It destroyed a mutex that was locked%s" },
};

// The context and its waker, which probe_poll frees when the poll is over. The
// frame 0 of the report is free itself.
static bool freed_by_probe_poll(const char *freed)
{
    const char *frame = freed != NULL ? strstr(freed, "#1 ") : NULL;
    const char *name = frame != NULL ? strstr(frame, " in probe_poll ") : NULL;

    return name != NULL && name < frame + strcspn(frame, "\n");
}

// Three stacks: who used or freed it now, who had freed it, who had allocated
// it.
static bool explain_freed(const char *report, char *text, size_t size)
{
    const char *twice = strstr(report, "attempting double-free");
    const char *freed = strstr(report, "freed by thread");
    const char *made = strstr(report, "previously allocated by");
    const char *end = report + strlen(report);
    char now[200], then[200], made_at[200], by[100], origin[300] = "";

    if (strstr(report, "heap-use-after-free") == NULL && twice == NULL)
        return false;
    if (freed == NULL) freed = strstr(report, "Previous write"); // threads
    if (freed == NULL) freed = end;
    if (made == NULL || made < freed) made = end;
    find_place(report, freed, twice != NULL, now, sizeof(now));
    find_place(freed, made, 1, then, sizeof(then));
    find_function(made, end, 1, by, sizeof(by));
    bool box = strstr(by, "future_new") != NULL;
    // The line of yours must be in the frame that calls malloc, or what is
    // around it here; else the checks have allocated it, and were called.
    const char *frame =
        strstr(made, box || strstr(by, "box_new") ? "#2 " : "#1 ");
    if (frame == NULL || frame > end ||
        !find_line(frame, frame + strcspn(frame, "\n"), made_at,
                   sizeof(made_at)))
        snprintf(made_at, sizeof(made_at), "%s", by);
    const char *drop = strstr(report, " in future_drop ");
    bool again = drop != NULL && drop < freed && strstr(now, " at ") == NULL;
    if (*made_at != '\0')
        snprintf(origin, sizeof(origin), " It was %s%s.",
                 box ? "a future, made" : "allocated", made_at);
    if (freed_by_probe_poll(freed))
        snprintf(text, size,
                 "It used the context, or the waker in it, after the poll had "
                 "ended%s. Both are lent for the time of the poll: keep a "
                 "clone, waker_clone(cx->waker), and no pointer.",
                 now);
    else
        snprintf(text, size, "It %s memory%s that had been freed before%s.%s%s",
                 twice != NULL ? "freed" : "used", now, then, origin,
                 again ? " A drop function releases what its struct owns, and "
                         "not the struct itself: future_drop does that."
                       : "");
    return true;
}

static bool explain_leak(const char *report, char *text, size_t size)
{
    const char *leak = strstr(report, "irect leak of ");
    char where[200], by[100];

    if (leak == NULL) return false;
    const char *end = strstr(leak, "\n\n");
    if (end == NULL) end = leak + strlen(leak);
    bool line = find_line(leak, end, where, sizeof(where));
    find_function(leak, end, 1, by, sizeof(by));
    snprintf(text, size,
             "It leaked %d bytes that were allocated%s%s: nobody has freed "
             "them, and nobody knows of them any more.",
             atoi(leak + strlen("irect leak of ")), by, line ? where : "");
    return true;
}

// What none of these is stays in the sanitizer's own words.
static void explain_report(char *report, char *sentence, size_t size)
{
    char where[200], *summary = strstr(report, "runtime error: ");
    const char *end = strstr(report, "freed by");

    if (end == NULL) end = report + strlen(report);
    find_line(report, end, where, sizeof(where));
    if (explain_freed(report, sentence, size) ||
        explain_leak(report, sentence, size))
        return;
    for (size_t i = 0; i < sizeof(reports) / sizeof(*reports); i++)
        if (strstr(report, reports[i][0]) != NULL) {
            const char *rest = strstr(reports[i][1], "%s");
            int head = (int)(rest != NULL ? rest - reports[i][1]
                                          : (long)strlen(reports[i][1]));
            snprintf(sentence, size, "%.*s%s%s. (The sanitizer says: %s.)",
                     head, reports[i][1], rest != NULL ? where : "",
                     rest != NULL ? rest + 2 : "", reports[i][0]);
            return;
        }
    if (summary != NULL)
        summary += strlen("runtime error: ");
    else
        summary = report;
    summary[strcspn(summary, "\n")] = '\0';
    snprintf(sentence, size, "It did what C does not define%s: %.500s.", where,
             summary);
}

static const struct {
    int signal;
    const char *sentence;
} signals[] = {
    { SIGABRT, "It called abort" },
    { SIGSEGV, "It crashed: it followed a pointer that leads nowhere" },
    { SIGBUS, "It crashed: it used memory that does not exist" },
    { SIGFPE, "It divided by zero" },
    { SIGILL, "It ran into what is no code" },
    { SIGPIPE, "It wrote to a pipe or socket that nobody reads any more" },
    { SIGKILL, "It was killed from outside, perhaps for lack of memory" },
};

// In order of what is known best. Returns false if the check has passed.
static bool explain(struct ending ending, struct output *output,
                    struct shared *shared, int secret, char *text, size_t size)
{
    const char *what = shared->over ? "" : shared->awaiting;
    const char *when = !shared->began  ? "before any check began"
                       : shared->over  ? "after the check had ended"
                       : *what != '\0' ? "while the check waited for "
                                       : "in the middle of the check";
    int signal = WIFSIGNALED(ending.status) ? WTERMSIG(ending.status) : 0;

    if (ending.keeper_lost)
        snprintf(text, size,
                 "It stopped or killed the process that watches it, %s%s.",
                 when, what);
    else if (shared->failed)
        snprintf(text, size, "%s", shared->message);
    else if (ending.asleep)
        snprintf(text, size,
                 "It hung, asleep: no thread was left that could run, %s%s.",
                 when, what);
    else if (ending.spinning || (ending.overdue && ending.cpu > 0.3))
        snprintf(text, size,
                 "It hung, spinning: it used %.1f s of processor time, %s%s.",
                 ending.cpu, when, what);
    else if (ending.overdue)
        snprintf(text, size, "It was stopped after %.1f s, %s%s.", ending.after,
                 when, what);
    else if (output->report_len > 0)
        explain_report(output->report, text, size);
    else if (output->panic[0] != '\0') {
        // Its advice is for leaf futures.
        char *advice = strstr(output->panic, ": keep a clone");
        if (advice != NULL && shared->perhaps[0] != '\0') *advice = '\0';
        snprintf(text, size, "trale.c aborted it %s%s: %s.", when, what,
                 output->panic);
    } else if (signal != 0) {
        const char *sentence = "It was ended by a signal";
        for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
            if (signals[i].signal == signal) sentence = signals[i].sentence;
        snprintf(text, size, "%s (%s), %s%s.", sentence, strsignal(signal),
                 when, what);
    } else if (ending.left > 0)
        snprintf(text, size,
                 "It left %d process%s behind. Nothing here may call fork.",
                 ending.left, ending.left == 1 ? "" : "es");
    else if (shared->complete == secret && ending.status == 0)
        return false;
    else
        snprintf(text, size,
                 "It ended the program, with status %d, %s%s. A check has "
                 "passed only when it has come to its end, so nothing here may "
                 "call exit.",
                 WEXITSTATUS(ending.status), when, what);
    size_t len = strlen(text);
    if (!shared->failed &&
        (output->report_len > 0 || output->panic[0] != '\0') &&
        shared->perhaps[0] != '\0')
        snprintf(text + len, size - len, " %s", shared->perhaps);
    return true;
}

// The task of an event is the first word after time, thread and event.
static void task_of(const char *line, char *task, size_t size)
{
    char word[64] = "";

    if (sscanf(line, "%*s %*s %*s %63s", word) == 1 && isalpha(word[0]))
        snprintf(task, size, "%s", word);
}

// Keeps to what any terminal, JSON and XML can show.
static void make_plain(char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '\t')
            *text = ' ';
        else if ((*text < ' ' && *text != '\036') || *text == '\177')
            *text = '?';
}

// The rest of the line of results: message, task, last events, where to read.
static void write_failure(FILE *out, char *sentence, struct output *output,
                          struct shared *shared)
{
    char task[64] = "";

    make_plain(sentence);
    fprintf(out, "\t%s", sentence);
    for (int i = 0; i < EVENTS; i++) {
        int line = output->line_count - EVENTS + i;
        if (line < 0) continue;
        make_plain(output->lines[line % EVENTS]);
        fprintf(out, "\036it printed: %.160s", output->lines[line % EVENTS]);
    }
    for (int i = 0; i < EVENTS; i++) {
        int at = output->event_count - EVENTS + i;
        if (at >= 0) task_of(output->events[at % EVENTS], task, sizeof(task));
    }
    fprintf(out, "\t%s\t", task);
    for (int i = 0, n = 0; i < EVENTS; i++) {
        int at = output->event_count - EVENTS + i;
        if (at < 0) continue;
        make_plain(output->events[at % EVENTS]);
        fprintf(out, "%s%.300s", n++ > 0 ? "\036" : "",
                output->events[at % EVENTS]);
    }
    make_plain(shared->read);
    fprintf(out, "\t%s\n", shared->read);
}

static void *share(size_t size, int fd)
{
    int flags = fd == -1 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

    if (memory == MAP_FAILED) {
        perror("watch: mmap");
        exit(2);
    }
    return memory;
}

static void note_time(const char *name, double seconds)
{
    const char *path = setting("EXERCISE_TIMES");
    FILE *file = path != NULL ? fopen(path, "ae") : NULL;

    if (file == NULL) return;
    if (rounds_wanted() == 1)
        fprintf(file, "%.1f %s:%s\n", seconds, exercise_file, name);
    fclose(file);
}

// Runs the check of that name and writes its line. Returns whether it has
// passed.
static bool run_item(FILE *out, const char *name, const char *points,
                     const char *title)
{
    static struct output output;
    static char sentence[2000];
    int memory = memfd_create("check", MFD_CLOEXEC), fds[2];

    if (memory == -1 || ftruncate(memory, sizeof(struct shared)) == -1 ||
        pipe2(fds, O_CLOEXEC) == -1) {
        perror("watch");
        exit(2);
    }
    struct shared *shared = share(sizeof(*shared), memory);
    struct kept *kept = share(sizeof(*kept), -1);
    output = (struct output){ .part_len = 0 };
    int secret = rand() | 1;
    shared->secret = secret;
    fflush(NULL);
    pid_t keeper = fork();
    if (keeper == 0) keep(name, memory, fds[1], kept);
    close(fds[1]);
    close(memory);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    struct ending ending = watch(keeper, fds[0], &output, shared, kept);
    note_time(name, ending.after);
    bool failed =
        explain(ending, &output, shared, secret, sentence, sizeof(sentence));
    fprintf(out, "%s\t%s\t%s\t%s", name, points, failed ? "failed" : "passed",
            title);
    if (failed)
        write_failure(out, sentence, &output, shared);
    else
        fputs("\t\t\t\t\n", out);
    close(fds[0]);
    munmap(shared, sizeof(*shared));
    munmap(kept, sizeof(*kept));
    return !failed;
}

int main(int argc, char **argv)
{
    FILE *items = argc == 5 ? fopen(argv[1], "re") : NULL;
    FILE *out = argc == 5 ? fopen(argv[2], "we") : NULL;
    char line[500];

    if (items == NULL || out == NULL) {
        fprintf(stderr, "usage: watch ITEMS RESULTS FILE PROGRAM\n");
        return 2;
    }
    exercise_file = argv[3];
    program = argv[4];
    srand((unsigned)getpid() ^ (unsigned)time(NULL));
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (bool failed = false; fgets(line, sizeof(line), items) != NULL;) {
        char *name = strtok(line, "\t"), *points = strtok(NULL, "\t");
        char *title = strtok(NULL, "\n");
        if (title == NULL) continue;
        if (failed && setting("EXERCISE_FAIL_FAST")) break;
        if (setting("EXERCISE_TRACE")) fprintf(stderr, "== %s\n", title);
        fflush(stderr);
        failed = !run_item(out, name, points, title) || failed;
    }
    return fclose(out) != 0;
}
