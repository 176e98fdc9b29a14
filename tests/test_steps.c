// Runs the steps as a user would, each against a delay server of its own,
// and compares what they print, and when, with the comment at their end; and
// what they cost. The parts of single steps are tested in test_s01.c and so on.
#include "child.h"
#include "step.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ITEMS_MAX = 40, EXECUTORS = 12 };

// ---------------------------------------------------------------------------
// The expected output
// ---------------------------------------------------------------------------

// A line that may come so many times, within this time.
struct item {
    char text[80];
    int min, max;
    double from, to;
    int seen[EXECUTORS]; // by each executor, if the line names one; else [0]
};

struct output {
    struct item items[ITEMS_MAX];
    int count;
    bool mixed; // it is that of twelve executors, in any order
};

static void add_item(struct output *output, const char *text, int min, int max,
                     double from, double to)
{
    struct item *item = &output->items[output->count];

    ck_assert_int_lt(++output->count, ITEMS_MAX);
    *item = (struct item){ .min = min, .max = max, .from = from, .to = to };
    snprintf(item->text, sizeof(item->text), "%s", text);
}

// A row of the comment "Expected output", and what its parentheses say.
struct row {
    double time;
    char text[80];
    int min, max;   // how often: (5 times), (once per reply),
    bool per_reply; // (1-4 times per reply)
    bool one_less;  // (one less per reply): than the number in it
};

static void parse_row(struct row *row)
{
    char *what = strchr(row->text, '(');

    row->min = row->max = 1;
    if (what == NULL) return;
    if (strcmp(what, "(one less per reply)") == 0) {
        row->per_reply = row->one_less = true;
        row->max = 6; // a wake for the data, one for the end, and false ones
    } else if (strcmp(what, "(once per reply)") == 0) {
        row->per_reply = true;
    } else if (sscanf(what, "(%d-%d times per reply)", &row->min, &row->max) ==
               2) {
        row->per_reply = true;
    } else {
        ck_assert_msg(sscanf(what, "(%d times)", &row->min) == 1, "%s", what);
        row->max = row->min;
    }
    ck_assert(what > row->text && what[-1] == ' ');
    what[-1] = '\0';
}

// Adds the lines that come before the nth reply, in their order.
static void add_per_reply(struct output *output, const struct row *rows,
                          int count, int nth, double from, double to)
{
    for (const struct row *row = rows; row < rows + count; row++) {
        char text[80];
        int number, at = 0, end = 0;

        if (!row->per_reply) continue;
        strcpy(text, row->text);
        if (row->one_less) {
            sscanf(row->text, "main: %n%d%n", &at, &number, &end);
            ck_assert_int_gt(end, 0);
            snprintf(text + at, sizeof(text) - (size_t)at, "%d%s", number - nth,
                     row->text + end);
        }
        add_item(output, text, row->min, row->max, from, to);
    }
}

static void read_expected(const char *step, struct output *output)
{
    struct row rows[ITEMS_MAX];
    int count = 0, replies = 0;
    bool found = false;
    double last = 0;
    char line[200];

    *output = (struct output){ .count = 0 };
    snprintf(line, sizeof(line), "examples/steps/%s.c", step);
    FILE *file = fopen(line, "r");
    ck_assert_msg(file != NULL, "%s: %s", line, strerror(errno));
    while (fgets(line, sizeof(line), file) != NULL) {
        struct row *row = &rows[count];
        *row = (struct row){ .time = 0 };
        if (strncmp(line, "// Expected output", 18) == 0) {
            found = true;
            output->mixed = strstr(line, "twelve") != NULL;
        } else if (found && sscanf(line, "// %lf %79[^\n]", &row->time,
                                   row->text) == 2) {
            ck_assert_int_lt(++count, ITEMS_MAX);
            parse_row(row);
        }
    }
    fclose(file);
    for (struct row *row = rows; row < rows + count; row++) {
        if (row->per_reply) continue;
        if (strncmp(row->text, "HelloWorld", 10) == 0) {
            add_per_reply(output, rows, (int)(row - rows), replies++, last,
                          row->time);
            last = row->time;
        }
        add_item(output, row->text, row->min, row->max, row->time, row->time);
    }
    ck_assert_msg(replies > 0, "%s.c says nothing of its output", step);
}

// ---------------------------------------------------------------------------
// The output that came
// ---------------------------------------------------------------------------

// Times may be 150 ms off, and more where the whole machine is late.
static void assert_in_time(const struct child *child, int line,
                           const struct item *item)
{
    double allowed = (0.150 + 10 * child->lateness) * multiplier();
    double time = child->times[line];

    ck_assert_msg(time >= item->from - allowed && time <= item->to + allowed,
                  "at %.3f s, not %.1f to %.1f s (give or take %.3f s): line "
                  "%d of\n%s",
                  time, item->from, item->to, allowed, line + 1,
                  child->out.text);
}

// If the line begins with the name of an executor, gives its number, 0 for main
// and 1 to 11 for exec-1 to exec-11, and replaces the name by main.
static int take_name(char *line)
{
    char rest[200];
    int number = 0, end = 0;

    sscanf(line, "exec-%2d:%n", &number, &end);
    if (end == 0) return 0;
    ck_assert_msg(number > 0 && number < EXECUTORS, "%s", line);
    snprintf(rest, sizeof(rest), "main:%s", line + end);
    strcpy(line, rest);
    return number;
}

// In one program's output each line is like the one before, if that may come
// once more, or it is the next.
static void match_next(const struct child *child, struct output *output,
                       int line, const char *text)
{
    static int at; // each test has a process of its own
    struct item *item = &output->items[at];

    if (item->seen[0] >= item->min && strcmp(item->text, text) != 0) {
        ck_assert_msg(++at < output->count, "too much: %s", text);
        item++;
    }
    ck_assert_msg(strcmp(item->text, text) == 0,
                  "line %d is \"%s\" instead of \"%s\" in\n%s", line + 1, text,
                  item->text, child->out.text);
    item->seen[0]++;
    assert_in_time(child, line, item);
}

// In mixed outputs a line can be anywhere, but it must be one that is expected,
// and an executor's own lines must be in order.
static void match_any(const struct child *child, struct output *output,
                      int line, const char *text, int executor)
{
    static int at[EXECUTORS];
    bool named = strncmp(text, "main:", 5) == 0;
    int i = 0;

    while (i < output->count && strcmp(output->items[i].text, text) != 0) i++;
    ck_assert_msg(i < output->count, "not expected: %s", text);
    output->items[i].seen[executor]++;
    assert_in_time(child, line, &output->items[i]);
    // The lines of s10 that begin with main: come from twelve tasks alike.
    if (!named || child->threads < EXECUTORS) return;
    ck_assert_msg(i >= at[executor], "out of order: line %d of\n%s", line + 1,
                  child->out.text);
    at[executor] = i;
}

// Has each line come as often as it should?
static void assert_complete(const struct child *child,
                            const struct output *output)
{
    for (int i = 0; i < output->count; i++) {
        const struct item *item = &output->items[i];
        bool each = item->seen[1] > 0; // executors have names, and said them
        int factor = output->mixed && !each ? EXECUTORS : 1;
        for (int e = 0; e < (each ? EXECUTORS : 1); e++)
            ck_assert_msg(item->seen[e] >= factor * item->min &&
                              item->seen[e] <= factor * item->max,
                          "%d times, not %d to %d times: %s\nin\n%s",
                          item->seen[e], factor * item->min, factor * item->max,
                          item->text, child->out.text);
    }
}

static void assert_output(const struct child *child, const char *step)
{
    static struct output output;
    static char copy[sizeof(child->out.text)];
    char *rest = copy;

    read_expected(step, &output);
    memcpy(copy, child->out.text, sizeof(copy));
    for (int i = 0; i < child->lines; i++) {
        char *text = strsep(&rest, "\n");
        if (output.mixed) {
            int executor = take_name(text);
            match_any(child, &output, i, text, executor);
        } else {
            match_next(child, &output, i, text);
        }
    }
    ck_assert_str_eq(rest, ""); // nothing after the last newline
    assert_complete(child, &output);
}

// ---------------------------------------------------------------------------
// A step and its server
// ---------------------------------------------------------------------------

// Starts the delay server on a free port and gives its address.
static void server_start(struct child *server, char *addr, size_t len)
{
    static const char listening[] = "Listening on ";
    size_t prefix = sizeof(listening) - 1;

    child_start(server, "delayserver", "127.0.0.1:0");
    while (server->lines == 0 && server->out.fd != -1) child_poll(server);
    ck_assert_msg(strncmp(server->out.text, listening, prefix) == 0, "%s%s",
                  server->out.text, server->err.text);
    snprintf(addr, len, "%.*s", (int)strcspn(server->out.text + prefix, "\n"),
             server->out.text + prefix);
}

// Starts a step, under valgrind if that is where this test runs: RUN is what
// make was given to run its tests under.
static void step_start(struct child *child, const char *step, const char *addr)
{
    const char *run = getenv("RUN");
    char path[200];
    const char *direct[] = { path, addr, NULL };
    const char *under[] = { "/bin/sh", "-c", "exec $RUN \"$0\" \"$1\"",
                            path,      addr, NULL };

    snprintf(path, sizeof(path), "%s/examples/steps/%s", BUILD, step);
    child_start_command(child, run == NULL || *run == '\0' ? direct : under);
}

// How long the process has waited for a processor that others were using. 0
// where the kernel does not say.
static double waited_for_cpu(pid_t pid)
{
    unsigned long long ran, waited = 0;
    char path[40];

    snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) return 0;
    if (fscanf(file, "%llu %llu", &ran, &waited) != 2) waited = 0;
    fclose(file);
    return (double)waited / 1e9;
}

static double children_cpu(void)
{
    struct rusage usage;

    ck_assert_int_eq(getrusage(RUSAGE_CHILDREN, &usage), 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

// Sanitizers and valgrind take CPU time of their own, most of it at the start.
static double cpu_allowed(void)
{
    const char *run = getenv("RUN");
    bool plain = sanitizer_threads() == 0 && (run == NULL || *run == '\0');

#if defined(__SANITIZE_ADDRESS__)
    plain = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    plain = false;
#endif
#endif
    return plain ? 0.050 : 2;
}

// What one step must be seen to do.
struct step {
    const char *name;     // in examples/steps/
    const char *expected; // the step whose expected output it has
    int threads;
    bool busy; // uses one processor all the time
    int requests;
};

static void assert_step(struct step step)
{
    struct child server, child;
    char addr[40];
    double waited = 0;

    server_start(&server, addr, sizeof(addr));
    step_start(&child, step.name, addr);
    while (child.out.fd != -1 || child.err.fd != -1) {
        child_poll(&child);
        double so_far = waited_for_cpu(child.pid);
        if (so_far > waited) waited = so_far;
    }
    int code = child_end(&child);
    double elapsed = now() - child.start, cpu = children_cpu();
    ck_assert_str_eq(child.err.text, "");
    ck_assert_int_eq(code, 0);
    assert_output(&child, step.expected);
    // The thread sanitizer may start its own thread only with the second one.
    int uncertain = step.threads == 1 ? sanitizer_threads() : 0;
    ck_assert_int_ge(child.threads, step.threads - uncertain);
    ck_assert_int_le(child.threads, step.threads);
    if (step.busy)
        ck_assert_msg(cpu + waited > 0.9 * elapsed,
                      "%.3f s of CPU time, and %.3f s waiting for it, in %.3f "
                      "s",
                      cpu, waited, elapsed);
    else
        ck_assert_msg(cpu < cpu_allowed(), "%.3f s of CPU time", cpu);
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    ck_assert_int_eq(child_end(&server), 0);
    // Its first line, one for each request, and its last.
    ck_assert_msg(server.lines == 1 + step.requests + 1, "%s", server.out.text);
}

START_TEST(test_s01)
{
    assert_step((struct step){ "s01_busy_poll", "s01_busy_poll", 1, false, 2 });
}
END_TEST

START_TEST(test_s02)
{
    assert_step((struct step){ "s02_coroutine_wait", "s02_coroutine_wait", 1,
                               true, 5 });
}
END_TEST

// What `make expand` prints is a program too, and does the same.
START_TEST(test_s02_expanded)
{
    assert_step((struct step){ "expanded/s02_coroutine_wait",
                               "s02_coroutine_wait", 1, true, 5 });
}
END_TEST

START_TEST(test_s03)
{
    assert_step((struct step){ "s03_join_all", "s03_join_all", 1, true, 5 });
}
END_TEST

START_TEST(test_s04)
{
    assert_step((struct step){ "s04_epoll", "s04_epoll", 1, false, 2 });
}
END_TEST

START_TEST(test_s05)
{
    assert_step(
        (struct step){ "s05_reactor_waker", "s05_reactor_waker", 2, false, 2 });
}
END_TEST

START_TEST(test_s06)
{
    assert_step((struct step){ "s06_executor", "s06_executor", 2, false, 5 });
}
END_TEST

START_TEST(test_s07)
{
    assert_step((struct step){ "s07_set_waker", "s07_set_waker", 2, false, 5 });
}
END_TEST

START_TEST(test_s08)
{
    assert_step(
        (struct step){ "s08_concurrent", "s08_concurrent", 2, false, 5 });
}
END_TEST

START_TEST(test_s09)
{
    assert_step((struct step){ "s09_twelve_executors", "s09_twelve_executors",
                               13, false, 60 });
}
END_TEST

// The steps between s09 and s10 do the same, each on more of trale.
START_TEST(test_s09a)
{
    assert_step((struct step){ "s09a_joiner", "s09a_joiner", 13, false, 60 });
}
END_TEST

START_TEST(test_s09b)
{
    assert_step((struct step){ "s09b_drop", "s09b_drop", 13, false, 60 });
}
END_TEST

START_TEST(test_s09c)
{
    assert_step(
        (struct step){ "s09c_generations", "s09c_generations", 13, false, 60 });
}
END_TEST

// It frees no task, and says so: that is mended in the next step.
START_TEST(test_s09d)
{
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
    unsetenv("RUN");
    assert_step((struct step){ "s09d_task", "s09d_task", 13, false, 60 });
}
END_TEST

START_TEST(test_s09e)
{
    assert_step((struct step){ "s09e_counted_wakers", "s09e_counted_wakers", 13,
                               false, 60 });
}
END_TEST

START_TEST(test_s10)
{
    assert_step((struct step){ "s10_trale", "s10_trale", 3, false, 60 });
}
END_TEST

START_TEST(test_s11)
{
    assert_step((struct step){ "s11_variables", "s11_variables", 3, false, 2 });
}
END_TEST

START_TEST(test_s12)
{
    assert_step(
        (struct step){ "s12_references", "s12_references", 3, false, 2 });
}
END_TEST

// The moved future writes to where it was. It is built with the sanitizer, in
// all builds, and so it is not run under another tool.
START_TEST(test_s13)
{
    struct child server, child;
    char addr[40], path[200];
    const char *argv[] = { path, addr, NULL };
    int status;

    server_start(&server, addr, sizeof(addr));
    snprintf(path, sizeof(path), "%s/examples/steps/s13_moved", BUILD);
    child_start_command(&child, argv);
    while (child.out.fd != -1 || child.err.fd != -1) child_poll(&child);
    ck_assert_int_eq(waitpid(child.pid, &status, 0), child.pid);
    ck_assert_int_ne(status, 0);
    ck_assert_str_eq(child.out.text, "Program starting\n");
    ck_assert_msg(strstr(child.err.text, "ERROR: AddressSanitizer: "
                                         "heap-use-after-free") != NULL,
                  "%s", child.err.text);
    ck_assert_msg(strstr(child.err.text, "in async_main_poll") != NULL, "%s",
                  child.err.text);
    kill(server.pid, SIGTERM);
    child_end(&server);
}
END_TEST

START_TEST(test_s14)
{
    assert_step((struct step){ "s14_pinned", "s14_pinned", 3, false, 2 });
}
END_TEST

// ---------------------------------------------------------------------------
// Bad addresses
// ---------------------------------------------------------------------------

static const char *const steps[] = {
    "s01_busy_poll", "s02_coroutine_wait", "s03_join_all",
    "s04_epoll",     "s05_reactor_waker",  "s06_executor",
    "s07_set_waker", "s08_concurrent",     "s09_twelve_executors",
    "s10_trale",     "s11_variables",      "s12_references",
    "s14_pinned"
};

// One line on stderr that names the step, and this exit code.
static void assert_refuses(const char *step, const char *arg, int code)
{
    struct child child;
    char name[40];

    snprintf(name, sizeof(name), "steps/%s", step);
    child_start(&child, name, arg);
    ck_assert_msg(child_end(&child) == code, "%s %s: not exit code %d: %s",
                  step, arg, code, child.err.text);
    char *text = child.err.text;
    ck_assert_msg(strncmp(text, step, strlen(step)) == 0, "%s", text);
    if (code == 2) ck_assert_ptr_nonnull(strstr(text, arg));
    ck_assert_msg(strchr(text, '\n') == text + child.err.len - 1,
                  "not one line: %s", text);
}

// What is no address is told in one line, and the exit code is 2.
START_TEST(test_steps_bad_address)
{
    static const char *const args[] = { "",
                                        "nonsense",
                                        "127.0.0.1",
                                        "127.0.0.1:",
                                        "127.0.0.1:65536",
                                        "127.0.0.1:8080x",
                                        "256.0.0.1:8080",
                                        ":8080",
                                        "[::1]:8080" };

    size_t count = sizeof(args) / sizeof(args[0]);

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        for (size_t j = 0; j < count; j++) {
            // The last one is an address to those of chapter 9.
            bool chapter_9 = strcmp(steps[i], "s11") > 0;
            if (!chapter_9 || j < count - 1)
                assert_refuses(steps[i], args[j], 2);
        }
}
END_TEST

// No server, no answer: one line, and the exit code is 1. In s09 several of the
// executors may fail before the first of them has ended the program.
START_TEST(test_steps_no_server)
{
    int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct socket_addr addr = localhost(0);
    char text[40];

    // Bound but not listening, the port is nobody else's, and refuses.
    ck_assert_int_eq(bind(sock, &addr.any, addr.len), 0);
    addr = local_addr(sock);
    snprintf(text, sizeof(text), "127.0.0.1:%u", ntohs(addr.v4.sin_port));
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (strncmp(steps[i], "s09", 3) != 0) assert_refuses(steps[i], text, 1);
    close(sock);
}
END_TEST

Suite *steps_suite(void)
{
    Suite *suite = suite_create("steps");

    add_test(suite, test_s01, 10);
    add_test(suite, test_s02, 30);
    add_test(suite, test_s02_expanded, 30);
    add_test(suite, test_s03, 20);
    add_test(suite, test_s04, 10);
    add_test(suite, test_s05, 10);
    add_test(suite, test_s06, 20);
    add_test(suite, test_s07, 20);
    add_test(suite, test_s08, 20);
    add_test(suite, test_s09, 30);
    add_test(suite, test_s09a, 30);
    add_test(suite, test_s09b, 30);
    add_test(suite, test_s09c, 30);
    add_test(suite, test_s09d, 30);
    add_test(suite, test_s09e, 30);
    add_test(suite, test_s10, 20);
    add_test(suite, test_s11, 10);
    add_test(suite, test_s12, 10);
    add_test(suite, test_s13, 20);
    add_test(suite, test_s14, 10);
    add_test(suite, test_steps_bad_address, 30);
    add_test(suite, test_steps_no_server, 10);
    s01_tests(suite);
    s02_tests(suite);
    s06_tests(suite);
    s07_tests(suite);
    s09e_tests(suite);
    return suite;
}
