// The side of the harness that runs none of the student's code. Check runs each
// graded item in a process of its own, which is this side; that forks once
// more, and the child runs the check. What happens to the child, we see from
// outside: how it ended, whether it slept or spun, what it printed.
//
// Usage: PROGRAM RESULTS. Writes a line for each item to the file RESULTS, its
// fields apart by tabs: name, points, passed or failed, title, and for a failure
// the message, the task, the last events and where to read, in which the byte
// 036 stands for a newline.
//
// EXERCISE_ROUNDS=200 does each check so often. EXERCISE_FAIL_FAST=1 leaves out
// those after the first that fails. EXERCISE_TRACE=1 shows all that the checks
// and the student's code print.
#define _GNU_SOURCE
#include "harness.h"

#include "shared.h"

#include <check.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ITEMS_MAX = 40, EVENTS = 3 };

static struct item items[ITEMS_MAX];
static int item_count;

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
    double after, cpu; // seconds
};

void harness_add(const char *name, int points, const char *title,
                 void (*body)(void))
{
    if (item_count == ITEMS_MAX) abort();
    items[item_count++] = (struct item){ name, title, points, body };
}

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

bool is_event(const char *line)
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

// Reads what the child prints until it ends, or is ended for one of three
// reasons. It hangs asleep if all threads sleep whenever we look, and nothing
// happens, for a second. That is asked only while a check runs: a leak checker
// or a symbolizer may well take its time.
static struct ending watch(pid_t pid, int fd, struct output *output,
                           struct shared *shared, int rounds)
{
    double began = wall(), since = began, cpu_then = 0;
    double scale = multiplier() * (rounds > 10 ? rounds / 10.0 : 1);
    struct ending ending = { .after = 0 };
    int progress = 0; // what has been narrated, and the repetitions

    for (bool running = true; running;) {
        struct pollfd input = { .fd = fd, .events = POLLIN };
        char text[4096];

        running = waitpid(pid, &ending.status, WNOHANG) == 0;
        if (running) poll(&input, 1, 10);
        for (ssize_t n; (n = read(fd, text, sizeof(text))) > 0;)
            output_take(output, text, (size_t)n);
        double limit = shared->limit, time = wall(), cpu = cpu_of(pid);
        ending.after = time - began;
        if (!running || ending.asleep || ending.spinning || ending.overdue)
            continue;
        if (cpu - cpu_then > 0.05 * (time - since) || shared->over ||
            output->event_count + shared->round != progress ||
            output->report_len > 0 || !all_asleep(pid)) {
            progress = output->event_count + shared->round;
            since = time;
            cpu_then = cpu;
        }
        ending.asleep = time - since > (limit > 0 ? limit : 1) * multiplier();
        ending.spinning = cpu > (limit > 0 ? limit : 2) * scale;
        ending.overdue = time - began > (limit > 0 ? limit : 10) * scale &&
                         output->report_len == 0;
        if (ending.asleep || ending.spinning || ending.overdue)
            kill(pid, SIGKILL);
        ending.cpu = cpu;
    }
    if (output->part_len > 0) output_take(output, "\n", 1);
    return ending;
}

// ---------------------------------------------------------------------------
// Explaining how it ended
// ---------------------------------------------------------------------------

// The first line of the student's file that the report names, or nothing.
static void find_line(const char *report, char *text, size_t size)
{
    const char *base = strrchr(exercise_file, '/');
    const char *name = base != NULL ? base + 1 : exercise_file;
    const char *p = report;

    *text = '\0';
    while ((p = strstr(p, name)) != NULL) {
        p += strlen(name);
        if (*p == ':' && isdigit((unsigned char)p[1])) {
            snprintf(text, size, " at %s:%d", exercise_file, atoi(p + 1));
            return;
        }
    }
}

// What a sanitizer calls it, and what it is.
static const char *const reports[][2] = {
    { "LeakSanitizer has encountered a fatal error",
      "The leak checker cannot run on this machine (it needs ptrace). Leaks go "
      "unseen with ASAN_OPTIONS=detect_leaks=0; everything else is checked" },
    { "heap-use-after-free", "It used memory%s that had been freed before" },
    { "attempting double-free",
      "It freed memory%s that had been freed before" },
    { "attempting free on", "It freed%s what is no memory from malloc" },
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
    { "detected memory leaks", "It leaked memory that was allocated%s" },
};

// The context and its waker, which probe_poll frees when the poll is over. The
// frame 0 of the report is free itself.
static bool freed_by_probe_poll(const char *report)
{
    const char *freed = strstr(report, "freed by");
    const char *frame = freed != NULL ? strstr(freed, "#1 ") : NULL;
    const char *name = frame != NULL ? strstr(frame, " in probe_poll ") : NULL;

    return name != NULL && name < frame + strcspn(frame, "\n");
}

// What none of these is stays in the sanitizer's own words.
void explain_report(char *report, char *sentence, size_t size)
{
    char where[200], *summary = strstr(report, "runtime error: ");

    find_line(report, where, sizeof(where));
    if (freed_by_probe_poll(report)) {
        snprintf(sentence, size,
                 "It used the context, or the waker in it, after the poll had "
                 "ended%s. Both are lent for the time of the poll: keep a "
                 "clone, waker_clone(cx->waker), and no pointer.",
                 where);
        return;
    }
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
    snprintf(sentence, size, "It did what C does not define%s: %s.", where,
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
                    struct shared *shared, char *text, size_t size)
{
    const char *what = shared->over ? "" : shared->awaiting;
    const char *when = shared->over    ? "after the check had ended"
                       : *what != '\0' ? "while the check waited for "
                                       : "in the middle of the check";
    int signal = WIFSIGNALED(ending.status) ? WTERMSIG(ending.status) : 0;

    if (shared->failed)
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
    else if (output->panic[0] != '\0')
        snprintf(text, size, "trale.c aborted it %s%s: %s.", when, what,
                 output->panic);
    else if (signal != 0) {
        const char *sentence = "It was ended by a signal";
        for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
            if (signals[i].signal == signal) sentence = signals[i].sentence;
        snprintf(text, size, "%s (%s), %s%s.", sentence, strsignal(signal),
                 when, what);
    } else if (shared->complete == shared->secret && ending.status == 0)
        return false;
    else
        snprintf(text, size,
                 "It ended the program, with status %d, %s%s. A check has "
                 "passed only when it has come to its end, so nothing here may "
                 "call exit.",
                 WEXITSTATUS(ending.status), when, what);
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
        else if ((*text < ' ' && *text != '\036' && *text != '\037') ||
                 *text == '\177')
            *text = '?';
}

// The message that Check carries to the process that writes the results: four
// fields, apart by the byte 037. Below the 4 kB that it can carry.
static void report_failure(const char *sentence, struct output *output,
                           struct shared *shared)
{
    char text[3900], task[64] = "";
    size_t len;

    len = (size_t)snprintf(text, sizeof(text), "%.1500s", sentence);
    for (int i = 0; i < EVENTS; i++) {
        int line = output->line_count - EVENTS + i;
        if (line >= 0)
            len += (size_t)snprintf(text + len, sizeof(text) - len,
                                    "\036it printed: %.160s",
                                    output->lines[line % EVENTS]);
    }
    for (int i = 0; i < EVENTS; i++) {
        int at = output->event_count - EVENTS + i;
        if (at >= 0) task_of(output->events[at % EVENTS], task, sizeof(task));
    }
    len += (size_t)snprintf(text + len, sizeof(text) - len, "\037%s\037", task);
    for (int i = 0, n = 0; i < EVENTS; i++) {
        int at = output->event_count - EVENTS + i;
        if (at >= 0)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.300s",
                                    n++ > 0 ? "\036" : "",
                                    output->events[at % EVENTS]);
    }
    snprintf(text + len, sizeof(text) - len, "\037%.500s", shared->read);
    make_plain(text);
    ck_abort_msg("%s", text);
}

// ---------------------------------------------------------------------------
// Check
// ---------------------------------------------------------------------------

static atomic_bool *one_has_failed; // shared by all processes

static void *share(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) abort();
    return memory;
}

START_TEST(run_item)
{
    static struct output output;
    struct shared *shared = share(sizeof(*shared));
    char sentence[2000];
    int fds[2];

    if (*one_has_failed && setting("EXERCISE_FAIL_FAST"))
        ck_abort_msg("left out\037\037\037");
    srand((unsigned)getpid() ^ (unsigned)time(NULL));
    shared->secret = rand() | 1;
    snprintf(shared->read, sizeof(shared->read), "%s", exercise_read);
    ck_assert_int_eq(pipe(fds), 0);
    fflush(NULL);
    pid_t pid = fork();
    ck_assert_int_ne(pid, -1);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(fds[1], STDOUT_FILENO);
        dup2(fds[1], STDERR_FILENO);
        close(fds[0]);
        close(fds[1]);
        item_run(&items[_i], shared, rounds_wanted());
    }
    close(fds[1]);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    struct ending ending = watch(pid, fds[0], &output, shared, rounds_wanted());
    if (explain(ending, &output, shared, sentence, sizeof(sentence))) {
        *one_has_failed = true;
        report_failure(sentence, &output, shared);
    }
}
END_TEST

// Check's own time limit stands behind ours, should we hang.
static Suite *exercise_suite(void)
{
    Suite *suite = suite_create("exercise");

    for (int i = 0; i < item_count; i++) {
        TCase *tcase = tcase_create(items[i].name);
        tcase_set_timeout(tcase, 300);
        tcase_add_loop_test(tcase, run_item, i, i + 1);
        suite_add_tcase(suite, tcase);
    }
    return suite;
}

static void write_result(FILE *out, const struct item *item, TestResult *result)
{
    bool passed = tr_rtype(result) == CK_PASS;
    const char *message = passed ? "" : tr_msg(result);
    char text[4096];

    snprintf(text, sizeof(text), "%s", message != NULL ? message : "");
    if (!passed && strchr(text, '\037') == NULL) strcat(text, "\037\037\037");
    for (char *p = text; *p != '\0'; p++)
        if (*p == '\037' || *p == '\n' || *p == '\t')
            *p = *p == '\037' ? '\t' : ' ';
    fprintf(out, "%s\t%d\t%s\t%s\t%s%s\n", item->name, item->points,
            passed ? "passed" : "failed", item->title, text,
            passed ? "\t\t\t" : "");
}

int main(int argc, char **argv)
{
    FILE *out = argc == 2 ? fopen(argv[1], "w") : NULL;

    if (out == NULL) {
        fprintf(stderr, "usage: %s RESULTS\n", argv[0]);
        return 2;
    }
    one_has_failed = share(sizeof(*one_has_failed));
    SRunner *runner = srunner_create(exercise_suite());
    srunner_set_fork_status(runner, CK_FORK);
    srunner_run_all(runner, CK_SILENT);
    TestResult **results = srunner_results(runner);
    for (int i = 0; i < srunner_ntests_run(runner); i++)
        for (int j = 0; j < item_count; j++)
            if (strcmp(tr_tcname(results[i]), items[j].name) == 0)
                write_result(out, &items[j], results[i]);
    free(results);
    srunner_free(runner);
    return fclose(out) != 0;
}
