// The narration, single steps, dumps, and what is said of mistakes. Traces come
// from the examples and from trace_programs.c, run as a user would run them.
//
// A trace is checked twice. The replay holds each line's queues against what
// the line before and the event make of them. The golden traces in tests/traces
// say what happens to each task; where the order of two threads' lines is not
// determined, they do not ask for one.
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

// ---------------------------------------------------------------------------
// A program and what it writes to stderr
// ---------------------------------------------------------------------------

struct output {
    char *text; // ends with a zero byte; the caller frees it
    size_t len;
    int status;
};

enum { STDOUT_TOO = 1, TO_FILE = 2, READ_LATE = 4 };

// In the child: becomes the program, with what is set in the environment.
static _Noreturn void become(const char *program, const char *arg, int err,
                             int out)
{
    static const struct rlimit no_core = { 0, 0 };
    char path[200];

    snprintf(path, sizeof(path), "%s/%s", BUILD, program);
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    execl(path, path, arg, (char *)NULL);
    perror(path);
    _exit(127);
}

static void output_read(struct output *output, int fd)
{
    for (ssize_t n = 1; n > 0; output->len += (size_t)n) {
        output->text = realloc(output->text, output->len + 65537);
        ck_assert_ptr_nonnull(output->text);
        n = read(fd, output->text + output->len, 65536);
        ck_assert_int_ne(n, -1);
    }
    output->text[output->len] = '\0';
}

// Runs it to its end, with TRALE_TRACE set to `trace` (NULL: not set).
static struct output run(const char *program, const char *arg,
                         const char *trace, int flags)
{
    struct output output = { .len = 0 };
    FILE *file = tmpfile();
    int fds[2], null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    ck_assert_ptr_nonnull(file);
    unsetenv("TRALE_STEP");
    unsetenv("TRALE_TRACE");
    if (trace != NULL) setenv("TRALE_TRACE", trace, 1);
    pid_t child = fork();
    ck_assert_int_ne(child, -1);
    if (child == 0) {
        int err = flags & TO_FILE ? fileno(file) : fds[1];
        become(program, arg, err, flags & STDOUT_TOO ? err : null);
    }
    close(fds[1]);
    close(null);
    if (flags & READ_LATE) sleep_for(0.5);
    if (!(flags & TO_FILE)) output_read(&output, fds[0]);
    ck_assert_int_eq(waitpid(child, &output.status, 0), child);
    if (flags & TO_FILE) {
        ck_assert_int_eq(lseek(fileno(file), 0, SEEK_SET), 0);
        output_read(&output, fileno(file));
    }
    fclose(file);
    close(fds[0]);
    return output;
}

// Runs it with the narration on. It must end well.
static char *run_traced(const char *program, const char *arg)
{
    struct output output = run(program, arg, "1", 0);

    ck_assert_msg(output.status == 0, "status %#x: %.2000s",
                  (unsigned)output.status, output.text);
    return output.text;
}

// ---------------------------------------------------------------------------
// Reading one line
// ---------------------------------------------------------------------------

enum { QUEUE_MAX = 512, TASKS_MAX = 1 << 14 };

struct queue {
    int n;
    struct {
        unsigned long id;
        int wakers; // -1: there is no number
    } tasks[QUEUE_MAX];
};

// A line of a trace. The texts are not copied: they end where the next part
// begins, so they come with a length.
struct line {
    const char *text;
    double time;
    char thread[16], event[16];
    const char *name;
    int name_len;
    unsigned long task; // 0: there is none
    const char *where;  // what follows the task, up to the queues
    int where_len;
    int fd; // -1: there is none
    struct queue run, wait;
};

// Fails the test over this line.
static _Noreturn void bad_line(const char *line, const char *format, ...)
{
    char reason[200];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    ck_abort_msg("%s, in the line\n%.1000s", reason, line);
}

// Each name stands for one number and each number for one name.
static char *names[TASKS_MAX];

static void check_name(const char *line, const char *name, int len,
                       unsigned long id)
{
    if (id == 0 || id >= TASKS_MAX) bad_line(line, "a task %lu", id);
    if (names[id] == NULL) names[id] = strndup(name, (size_t)len);
    if ((int)strlen(names[id]) != len || memcmp(names[id], name, (size_t)len))
        bad_line(line, "task %lu has changed its name", id);
}

static void forget_names(void)
{
    for (int i = 0; i < TASKS_MAX; i++) {
        free(names[i]);
        names[i] = NULL;
    }
}

// Reads "name#id" and returns what follows.
static const char *read_task(const char *line, const char *text, int *name_len,
                             unsigned long *id)
{
    const char *hash = strchr(text, '#');
    char *end;

    if (hash == NULL || hash == text) bad_line(line, "no task at %.20s", text);
    *name_len = (int)(hash - text);
    *id = strtoul(hash + 1, &end, 10);
    check_name(line, text, *name_len, *id);
    return end;
}

// Reads " run: -" or " wait: a#1*1 b#2*0".
static const char *read_queue(const char *line, const char *text,
                              const char *title, bool counted,
                              struct queue *queue)
{
    size_t len = strlen(title);
    int name_len;

    queue->n = 0;
    if (strncmp(text, title, len) != 0) bad_line(line, "no%s", title);
    text += len;
    if (strncmp(text, " -", 2) == 0) return text + 2;
    while (*text == ' ' && text[1] != '|') {
        int i = queue->n++, used = 0;
        if (i == QUEUE_MAX) bad_line(line, "a queue of %d", i);
        text = read_task(line, text + 1, &name_len, &queue->tasks[i].id);
        queue->tasks[i].wakers = -1;
        if (!counted) continue;
        if (sscanf(text, "*%d%n", &queue->tasks[i].wakers, &used) != 1)
            bad_line(line, "no number of wakers at %.20s", text);
        text += used;
    }
    if (queue->n == 0) bad_line(line, "nothing after%s", title);
    return text;
}

// The beginning must be as it is documented, to the space: what is read is
// written again and compared. In a golden trace the time is a word.
static const char *read_start(const char *text, struct line *line)
{
    static const char masked[] = "    <time>";
    char again[80];
    int used = 0;

    line->time = -1;
    if (strncmp(text, masked, 10) != 0 &&
        sscanf(text, "%10lf", &line->time) != 1)
        bad_line(text, "no time");
    if (sscanf(text + 10, " %15s %15s%n", line->thread, line->event, &used) < 2)
        bad_line(text, "no thread and event");
    if (line->time < 0)
        snprintf(again, sizeof(again), "%s", masked);
    else
        snprintf(again, sizeof(again), "%10.6f", line->time);
    snprintf(again + 10, sizeof(again) - 10, " %-8s %-10s ", line->thread,
             line->event);
    if (strncmp(text, again, strlen(again)) != 0)
        bad_line(text, "not aligned as \"%s\"", again);
    return text + strlen(again);
}

static void read_line(const char *text, struct line *line)
{
    static const char events[] = " spawn poll pending ready register event "
                                 "wake wake-noop deregister drop join ";
    static const char threads[] = " main executor reactor other ";
    char word[20];

    line->text = text;
    const char *rest = read_start(text, line);
    snprintf(word, sizeof(word), " %s ", line->thread);
    if (strstr(threads, word) == NULL) bad_line(text, "no thread%s", word);
    snprintf(word, sizeof(word), " %s ", line->event);
    if (strstr(events, word) == NULL) bad_line(text, "no event%s", word);
    line->task = 0;
    line->name = rest;
    line->name_len = 0;
    if (*rest != ' ')
        rest = read_task(text, rest, &line->name_len, &line->task);
    const char *run = strstr(rest, " | run:");
    if (run == NULL) bad_line(text, "no run-queue");
    line->where = rest;
    line->where_len = (int)(run - rest);
    line->fd = -1;
    const char *fd = strstr(rest, " fd ");
    if (fd != NULL && fd < run && sscanf(fd, " fd %d", &line->fd) != 1 &&
        strncmp(fd, " fd <fd>", 8) != 0)
        bad_line(text, "no descriptor");
    rest = read_queue(text, run, " | run:", false, &line->run);
    rest = read_queue(text, rest, " | wait:", true, &line->wait);
    if (*rest != '\0') bad_line(text, "more at the end: %.20s", rest);
}

static bool is_event(const struct line *line, const char *event)
{
    return strcmp(line->event, event) == 0;
}

static bool is_by(const struct line *line, const char *thread)
{
    return strcmp(line->thread, thread) == 0;
}

// Is it the program's own line, and whole?
static bool is_note(const char *text)
{
    int number, used = 0;

    return (sscanf(text, "note: worker %d%n", &number, &used) == 1 ||
            sscanf(text, "note: thread %d%n", &number, &used) == 1 ||
            sscanf(text, "note: %d %%%n", &number, &used) == 1) &&
           text[used] == '\0';
}

// Splits the text, in place, and calls each() for its lines, which must all be
// whole: those of the trace, and no others but notes.
static void for_each_line(char *text,
                          void (*each)(const struct line *line, void *data),
                          void *data)
{
    static struct line line;

    while (*text != '\0') {
        char *end = strchr(text, '\n');
        if (end == NULL) bad_line(text, "no end");
        *end = '\0';
        if (!is_note(text)) {
            read_line(text, &line);
            each(&line, data);
        }
        *end = '\n';
        text = end + 1;
    }
}

// ---------------------------------------------------------------------------
// The replay
// ---------------------------------------------------------------------------

enum state { NOT_YET, RUNS, WAITS, DONE, GONE };

// What the lines so far make of the executor.
static struct replay {
    bool counts; // no program's own wakers: so their number is known, too
    double time;
    unsigned long spawned, polled; // 0: none is being polled
    struct queue run, wait;
    struct {
        enum state state;
        int wakers;
        unsigned long awaiting; // the task that has its joiner, or 0
    } tasks[TASKS_MAX];
    // That of the last line of each kind, where another has to follow:
    unsigned long fired;  // reactor, event: its next line wakes this task
    unsigned long joined; // executor, ready: it wakes this task next
    int lines;
} replay;

static void queue_add(struct queue *queue, unsigned long id)
{
    ck_assert_int_lt(queue->n, QUEUE_MAX);
    queue->tasks[queue->n++].id = id;
}

static void queue_remove(struct queue *queue, unsigned long id)
{
    int kept = 0;

    for (int i = 0; i < queue->n; i++)
        if (queue->tasks[i].id != id) queue->tasks[kept++] = queue->tasks[i];
    ck_assert_int_eq(kept, queue->n - 1);
    queue->n = kept;
}

static void expect(const struct line *line, bool fact, const char *what)
{
    if (!fact) bad_line(line->text, "%s, which is not so", what);
}

static void replay_spawn(const struct line *line)
{
    expect(line, line->task == replay.spawned + 1, "tasks count from one");
    replay.spawned = line->task;
    replay.tasks[line->task].state = RUNS;
    queue_add(&replay.run, line->task);
}

static void replay_poll(const struct line *line)
{
    expect(line, is_by(line, "executor"), "the executor polls");
    expect(line, replay.polled == 0, "one task is polled at a time");
    expect(line, replay.run.n > 0 && replay.run.tasks[0].id == line->task,
           "the oldest task is polled");
    replay.polled = line->task;
    replay.tasks[line->task].state = WAITS;
    queue_remove(&replay.run, line->task);
    queue_add(&replay.wait, line->task);
}

// pending, ready
static void replay_polled(const struct line *line)
{
    enum state state = replay.tasks[line->task].state;

    expect(line, is_by(line, "executor"), "the executor polls");
    expect(line, replay.polled == line->task, "this one was being polled");
    replay.polled = 0;
    if (is_event(line, "pending")) return;
    expect(line, state == RUNS || state == WAITS, "it was not done");
    queue_remove(state == RUNS ? &replay.run : &replay.wait, line->task);
    replay.tasks[line->task].state = DONE;
    replay.joined = replay.tasks[line->task].awaiting;
}

// A poll that wakes has cloned its waker just before, and nobody told. Not so
// the wake by which the executor hands on a task's output.
static void replay_wake(const struct line *line)
{
    bool waits = replay.tasks[line->task].state == WAITS;

    expect(line, waits == is_event(line, "wake"), "this is its queue");
    expect(line, replay.tasks[line->task].state != GONE, "it is there");
    if (!is_by(line, "executor") || replay.joined != 0)
        replay.tasks[line->task].wakers--;
    if (is_by(line, "executor")) replay.joined = 0;
    if (!waits) return;
    replay.tasks[line->task].state = RUNS;
    queue_remove(&replay.wait, line->task);
    queue_add(&replay.run, line->task);
}

// register, event, deregister: what they do to the wakers. A foreign waker has
// no task. That which a deregister takes away is still there in its line.
static void replay_reactor(const struct line *line)
{
    expect(line, strstr(line->where, " fd ") != NULL, "it has a descriptor");
    if (is_event(line, "event"))
        expect(line, is_by(line, "reactor"), "the reactor has events");
    if (line->task == 0) return;
    if (is_event(line, "register")) {
        expect(line, line->task == replay.polled, "who is polled registers");
        replay.tasks[line->task].wakers++;
    }
}

// The executor's joins are awaits: the task that is polled leaves its waker.
// The one it may have left before is still there in this line.
static void replay_join(const struct line *line)
{
    enum state state = replay.tasks[line->task].state;

    expect(line, state != NOT_YET && state != GONE, "it is there");
    if (is_by(line, "executor")) replay.tasks[replay.polled].wakers++;
}

static void replay_drop(const struct line *line)
{
    expect(line, replay.tasks[line->task].state == DONE, "it was done");
    replay.tasks[line->task].state = GONE;
}

// What the line does after it has been printed.
static void replay_after(const struct line *line)
{
    if (is_event(line, "deregister") && line->task != 0)
        replay.tasks[line->task].wakers--;
    if (is_event(line, "join") && is_by(line, "executor")) {
        if (replay.tasks[line->task].awaiting == replay.polled)
            replay.tasks[replay.polled].wakers--;
        replay.tasks[line->task].awaiting = replay.polled;
    }
}

// What must follow at once on the same thread has followed.
static void replay_follows(const struct line *line)
{
    bool wake = is_event(line, "wake") || is_event(line, "wake-noop");

    if (is_by(line, "reactor")) {
        if (replay.fired != 0)
            expect(line, wake && line->task == replay.fired, "it wakes");
        replay.fired = is_event(line, "event") ? line->task : 0;
    }
    if (is_by(line, "executor") && replay.joined != 0)
        expect(line, wake && line->task == replay.joined, "it wakes");
}

// The wait-queue's numbers. Who waits has a waker, unless it is being polled;
// then its thread may be about to count one more or one less in its next line.
// The poll that gets a joined task's output has left one more waker with it,
// until the joiner is dropped.
static void check_wakers(const struct line *line)
{
    for (int i = 0; i < line->wait.n; i++) {
        unsigned long id = line->wait.tasks[i].id;
        int seen = line->wait.tasks[i].wakers, off = 0;

        if (id != replay.polled && !is_event(line, "pending") && seen < 1)
            bad_line(line->text, "task %lu has no waker", id);
        if (seen < 0 || seen > 1000)
            bad_line(line->text, "task %lu has %d wakers", id, seen);
        if (!replay.counts) continue;
        if (id == replay.polled &&
            (!is_by(line, "executor") || is_event(line, "drop")))
            off = 1;
        if (abs(seen - replay.tasks[id].wakers) > off)
            bad_line(line->text, "task %lu has %d wakers and not %d", id, seen,
                     replay.tasks[id].wakers);
    }
}

static void check_order(const struct line *line, const struct queue *seen,
                        const struct queue *known)
{
    if (seen->n != known->n)
        bad_line(line->text, "a queue of %d instead of %d", seen->n, known->n);
    for (int i = 0; i < seen->n; i++)
        if (seen->tasks[i].id != known->tasks[i].id)
            bad_line(line->text, "task %lu instead of %lu", seen->tasks[i].id,
                     known->tasks[i].id);
}

static void replay_line(const struct line *line, void *data)
{
    static const struct {
        const char *event;
        void (*apply)(const struct line *line);
    } events[] = {
        { "spawn", replay_spawn },        { "poll", replay_poll },
        { "pending", replay_polled },     { "ready", replay_polled },
        { "wake", replay_wake },          { "wake-noop", replay_wake },
        { "register", replay_reactor },   { "event", replay_reactor },
        { "deregister", replay_reactor }, { "join", replay_join },
        { "drop", replay_drop }
    };

    (void)data;
    replay.lines++;
    if (line->time >= 0) {
        expect(line, line->time >= replay.time, "time goes on");
        replay.time = line->time;
    }
    replay_follows(line);
    for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)
        if (is_event(line, events[i].event)) events[i].apply(line);
    check_order(line, &line->run, &replay.run);
    check_order(line, &line->wait, &replay.wait);
    check_wakers(line);
    replay_after(line);
}

// Each line's queues must follow from the line before. With `counts` the
// numbers of wakers must, too: so only if the program clones none by itself.
static void assert_replays(char *trace, bool counts)
{
    memset(&replay, 0, sizeof(replay));
    forget_names();
    replay.counts = counts;
    for_each_line(trace, replay_line, NULL);
    ck_assert_int_gt(replay.lines, 0);
}

// ---------------------------------------------------------------------------
// Golden traces
// ---------------------------------------------------------------------------

// What two runs of one program have in common, as text.
static struct story {
    FILE *out;
    bool by_task;
    unsigned long task; // by_task: the one that is being told
    unsigned long polled, last;
    bool joined[TASKS_MAX]; // by a thread
} story;

static void story_threads(const struct line *line, void *data)
{
    (void)data;
    if (line->task > story.last) story.last = line->task;
    if (is_event(line, "join") && !is_by(line, "executor"))
        story.joined[line->task] = true;
}

// When a thread joins is its own affair, and changes no queue. Who is the last
// to hold the task that it has joined is not determined either.
static bool is_undetermined(const struct line *line)
{
    if (is_event(line, "join")) return !is_by(line, "executor");
    return is_event(line, "drop") && story.joined[line->task];
}

// An await, and what is freed by it, belong to the task that awaits.
static unsigned long story_of(const struct line *line)
{
    bool awaits = is_event(line, "join") || is_event(line, "drop");

    return awaits && is_by(line, "executor") && story.polled != 0 ? story.polled
                                                                  : line->task;
}

static void story_line(const struct line *line, void *data)
{
    const char *fd = strstr(line->where, " fd "), *end = line->text;
    const char *queues = line->where + line->where_len;

    (void)data;
    if (is_event(line, "poll")) story.polled = line->task;
    bool told = !is_undetermined(line) &&
                (!story.by_task || story_of(line) == story.task);
    if (is_event(line, "pending") || is_event(line, "ready")) story.polled = 0;
    if (!told) return;
    end = line->text + 11; // without the time
    if (fd != NULL && fd < queues) {
        fprintf(story.out, "%.*s fd <fd>", (int)(fd - end), end);
        end = fd + 4 + strcspn(fd + 4, " ");
    }
    fprintf(story.out, "%.*s%s\n", (int)(queues - end), end,
            story.by_task ? "" : queues);
}

// by_task: of each task all that happens to it, but without the queues, which
// depend on how the tasks interleave. Otherwise all lines in their order.
static char *tell(char *trace, bool by_task)
{
    char *text = NULL;
    size_t len;

    memset(&story, 0, sizeof(story));
    forget_names();
    story.by_task = by_task;
    story.out = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(story.out);
    for_each_line(trace, story_threads, NULL);
    do {
        for_each_line(trace, story_line, NULL);
    } while (by_task && story.task++ < story.last);
    fclose(story.out);
    return text;
}

static char *read_whole(const char *path)
{
    struct output output = { .len = 0 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    ck_assert_msg(fd != -1, "%s: %s", path, strerror(errno));
    output_read(&output, fd);
    close(fd);
    return output.text;
}

// Holds the trace against tests/traces/NAME.txt, of which the first line says
// how it was made.
static void assert_golden(char *trace, const char *name, bool by_task,
                          bool counts)
{
    char path[80];

    snprintf(path, sizeof(path), "tests/traces/%s.txt", name);
    char *file = read_whole(path), *golden = strchr(file, '\n') + 1;
    assert_replays(golden,
                   counts); // a golden trace lies as little as a real one
    assert_replays(trace, counts);
    char *expected = tell(golden, by_task), *told = tell(trace, by_task);
    size_t same = 0; // up to the first line that differs
    for (size_t i = 0; expected[i] != '\0' && expected[i] == told[i]; i++)
        if (expected[i] == '\n') same = i + 1;
    // Check takes no message longer than some thousand characters.
    ck_assert_msg(strcmp(expected, told) == 0,
                  "%s (its first line says how it is made) goes on\n%.1000s\n"
                  "and this trace\n%.1000s",
                  path, expected + same, told + same);
    free(expected);
    free(told);
    free(file);
    free(trace);
}

// In one poll of the task.
static struct promise {
    unsigned long task; // being polled
    int fd;             // that it has registered in this poll; -1: none
    int fds[TASKS_MAX]; // that it waits for
    int pendings, events;
} promise;

static void promise_line(const struct line *line, void *data)
{
    (void)data;
    if (is_event(line, "poll")) {
        promise.task = line->task;
        promise.fd = -1;
    } else if (is_event(line, "register")) {
        expect(line, line->task == promise.task, "its own poll registers");
        promise.fd = line->fd;
    } else if (is_event(line, "pending")) {
        expect(line, promise.fd != -1, "it has registered in this poll");
        promise.fds[line->task] = promise.fd;
        promise.pendings++;
    } else if (is_event(line, "event")) {
        expect(line, line->fd == promise.fds[line->task], "it waits for that");
        promise.events++;
    }
}

// Every poll that is pending has registered before, and just that event wakes
// the task.
static void assert_promises(char *trace)
{
    memset(&promise, 0, sizeof(promise));
    for_each_line(trace, promise_line, NULL);
    ck_assert_int_gt(promise.pendings, 0);
    ck_assert_int_eq(promise.pendings, promise.events);
}

// Two tasks sleep three times each: who has not seen the code can follow it.
START_TEST(test_trace_of_timer)
{
    char *trace = run_traced("examples/timer", NULL);

    assert_promises(trace);
    assert_golden(trace, "timer", true, true);
}
END_TEST

// Sockets and timers. The example's port is its own, so it must be free.
START_TEST(test_trace_of_udp)
{
    int lock = lock_port_9998();
    char *trace = run_traced("examples/udp", NULL);

    close(lock);
    assert_promises(trace);
    assert_golden(trace, "udp", true, true);
}
END_TEST

// A task awaits another, whose output is shown.
START_TEST(test_trace_of_sub_tasks)
{
    assert_golden(run_traced("examples/sub_tasks", NULL), "sub_tasks", true,
                  true);
}
END_TEST

// Tasks that wake, await and detach one another, and a foreign waker: in these
// each line is determined, with its queues. A future that is cancelled, and a
// thread other than main: in these it is determined what happens to each task.
START_TEST(test_golden_traces)
{
    static const struct {
        const char *name;
        bool by_task, counts;
    } traces[] = { { "tasks", false, false },
                   { "foreign", false, true },
                   { "cancel", true, true },
                   { "other", true, false } };

    for (size_t i = 0; i < sizeof(traces) / sizeof(*traces); i++)
        assert_golden(run_traced("tests/trace_programs", traces[i].name),
                      traces[i].name, traces[i].by_task, traces[i].counts);
}
END_TEST

// Hundreds of tasks, four threads that spawn, wake, cancel and write lines of
// their own: no line is broken, and each follows from the one before. To a pipe
// and to a file.
START_TEST(test_lines_never_mix)
{
    for (int flags = 0; flags <= TO_FILE; flags += TO_FILE) {
        struct output output =
            run("tests/trace_programs", "stress", "1", flags);
        ck_assert_msg(output.status == 0, "status %#x: %.2000s",
                      (unsigned)output.status, output.text);
        assert_replays(output.text, true);
        ck_assert_int_gt(replay.lines, 100);
        free(output.text);
    }
}
END_TEST

// What a trace tells of a local executor on main's thread, up to its end, as if
// it were trale's: `local:` is left out, and main is called executor.
static char *as_trales(char *trace)
{
    enum { THREAD = 11, EVENT = 20, TASK = 31 }; // where they begin
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    ck_assert_ptr_nonnull(out);
    for (char *line = strtok(trace, "\n"); line; line = strtok(NULL, "\n")) {
        if (strlen(line) < TASK) bad_line(line, "too short");
        if (strncmp(line + TASK, "local:", 6) != 0) continue;
        if (strncmp(line + EVENT, "cancel ", 7) == 0) break;
        if (strncmp(line + THREAD, "main    ", 8) == 0)
            memcpy(line + THREAD, "executor", 8);
        for (char *local; (local = strstr(line, "local:")) != NULL;) {
            fwrite(line, 1, (size_t)(local - line), out);
            line = local + 6;
        }
        fprintf(out, "%s\n", line);
    }
    fclose(out);
    free(trace);
    return text;
}

static void note_event(const struct line *line, void *events)
{
    strcat(strcat(events, line->event), " ");
}

// A local executor follows the rules of trale's. So must its lines: those of a
// host with four threads that wake, and those of the scenario.
START_TEST(test_local_executor_is_told)
{
    char events[200] = "";
    char *trace = as_trales(run_traced("examples/hosts/poll", NULL));

    assert_replays(trace, false);
    ck_assert_int_gt(replay.lines, 1000);
    free(trace);
    trace = as_trales(run_traced("examples/hosts/scenario", NULL));
    assert_replays(trace, false);
    for_each_line(trace, note_event, events);
    ck_assert_str_eq(events, "spawn poll pending wake poll pending wake poll "
                             "ready drop ");
    free(trace);
}
END_TEST

// Threads wake tasks while they are polled: how many wakers there are is up to
// them, but never less than one for a task that waits.
START_TEST(test_wakes_are_told_in_order)
{
    char *trace = run_traced("tests/trace_programs", "wakes");

    assert_replays(trace, false);
    ck_assert_ptr_nonnull(strstr(trace, " wake-noop "));
    ck_assert_ptr_nonnull(strstr(trace, " = 24 |"));
    free(trace);
}
END_TEST

// A name longer than any buffer is told in full.
START_TEST(test_long_names)
{
    char *trace = run_traced("tests/trace_programs", "names");

    assert_replays(trace, true);
    ck_assert_uint_eq(strlen(names[1]), 9000);
    free(trace);
}
END_TEST

// Of a line that is written in parts, another process's line may come in the
// midst. So each must be one write, however long it is. To a socket of this
// kind each write is a packet.
START_TEST(test_long_lines_are_written_whole)
{
    static char text[1 << 16];
    int pair[2], lines = 0, status;

    ck_assert_int_eq(
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    setenv("TRALE_TRACE", "1", 1);
    pid_t child = fork();
    if (child == 0)
        become("tests/trace_programs", "names", pair[1], STDOUT_FILENO);
    close(pair[1]);
    for (ssize_t n; (n = recv(pair[0], text, sizeof(text), 0)) > 0; lines++) {
        ck_assert_msg(memchr(text, '\n', (size_t)n) == text + n - 1,
                      "%zd bytes of a line: %.60s...", n, text);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_ge(lines, 4); // spawn, join, poll, ready; perhaps drop
    close(pair[0]);
}
END_TEST

// Hazard 48: to print is a cancellation point, and the narration prints under a
// lock. A thread that was cancelled must not end there.
START_TEST(test_cancelled_while_it_is_told)
{
    char *trace = run_traced("tests/trace_programs", "cancelled");

    assert_replays(trace, true);
    ck_assert_ptr_nonnull(strstr(trace, " ready      spawned#"));
    free(trace);
}
END_TEST

// Futures are dropped while the narration and dumps look on. (Under the address
// sanitizer, which reports on stderr.)
START_TEST(test_told_while_dropped)
{
    char *trace = run_traced("tests/trace_programs", "dropping");
    int dumps = 0, others = 0;

    for (char *line = strtok(trace, "\n"); line; line = strtok(NULL, "\n")) {
        bool dumped = strstr(line, " tasks so far, these are left:") != NULL;
        dumps += dumped;
        others += !dumped && strncmp(line, "run  ", 5) != 0 &&
                  strncmp(line, "poll ", 5) != 0 &&
                  strncmp(line, "wait ", 5) != 0 && line[3] != '.';
    }
    ck_assert_int_eq(dumps, 18);
    ck_assert_int_eq(others, 0);
    free(trace);
}
END_TEST

// Who does not ask for it gets not a byte.
START_TEST(test_silent_by_default)
{
    static const char *const values[] = { NULL, "", "0", "no" };

    for (int i = 0; i < 4; i++) {
        struct output output =
            run("tests/trace_programs", "tasks", values[i], STDOUT_TOO);
        ck_assert_int_eq(output.status, 0);
        ck_assert_str_eq(output.text, "");
        free(output.text);
    }
}
END_TEST

// ---------------------------------------------------------------------------
// Polls that block
// ---------------------------------------------------------------------------

static int count(const char *text, const char *part)
{
    int n = 0;

    for (; (text = strstr(text, part)) != NULL; text += strlen(part)) n++;
    return n;
}

// A poll that sleeps for 200 ms is told, with the time; not without tracing.
START_TEST(test_blocking_poll_is_told)
{
    struct output output = run("tests/trace_programs", "sleeps", "1", 0);
    int millis = 0;

    ck_assert_int_eq(output.status, 0);
    char *told = strstr(output.text, "trale: this poll of sleeps#1 seems to ");
    ck_assert_msg(told != NULL, "%.2000s", output.text);
    ck_assert_int_eq(sscanf(told, "%*[^0-9]1%*[^0-9]%d ms", &millis), 1);
    ck_assert_int_ge(millis, 200);
    ck_assert_ptr_null(strstr(told + 1, "trale: "));
    free(output.text);
    output = run("tests/trace_programs", "sleeps", NULL, 0);
    ck_assert_str_eq(output.text, "");
    free(output.text);
}
END_TEST

// It is the poll that counts, and not the time between two lines.
START_TEST(test_many_short_blocks_are_told)
{
    char *trace = run_traced("tests/trace_programs", "naps");

    ck_assert_int_eq(count(trace, "trale: this poll of naps#1 seems to "), 1);
    free(trace);
}
END_TEST

// A poll that waits until others have written their lines to a pipe that nobody
// reads has not blocked by itself.
START_TEST(test_slow_reader_is_no_block)
{
    struct output output =
        run("tests/trace_programs", "slow_reader", "1", READ_LATE);

    ck_assert_int_eq(output.status, 0);
    ck_assert_int_eq(count(output.text, "blocked"), 0);
    free(output.text);
}
END_TEST

// A poll that computes for 200 ms is not told, however long that takes.
static void assert_computes(void)
{
    char *trace = run_traced("tests/trace_programs", "computes");

    ck_assert_int_eq(count(trace, "note: "), 1);
    ck_assert_int_eq(count(trace, "blocked"), 0);
    free(trace);
}

START_TEST(test_computing_poll_is_not_told)
{
    assert_computes();
}
END_TEST

// The same, on one processor with 15 others that never rest.
START_TEST(test_computing_poll_under_load)
{
    pid_t others[15];

    stay_on_one_cpu();
    for (int i = 0; i < 15; i++) {
        others[i] = fork();
        ck_assert_int_ne(others[i], -1);
        if (others[i] != 0) continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) continue;
    }
    assert_computes();
    for (int i = 0; i < 15; i++) {
        kill(others[i], SIGKILL);
        waitpid(others[i], NULL, 0);
    }
}
END_TEST

// ---------------------------------------------------------------------------
// Single steps
// ---------------------------------------------------------------------------

// A program that stops, and the terminal at which somebody sits.
static struct stepped {
    pid_t pid;
    int terminal; // the master side; -1: it has no terminal
    int err;
    size_t len;
    char text[1 << 16];
} stepped;

static const char question[] = " is next (Enter: poll, d: dump, c: run on)\n";

// A container may have none: then the caller skips its test.
static bool has_terminals(void)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (terminal == -1) skip("no terminals here: %s", strerror(errno));
    return terminal != -1 && close(terminal) == 0;
}

static void step_start(const char *arg, bool with_terminal)
{
    int fds[2], null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    memset(&stepped, 0, sizeof(stepped));
    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    stepped.terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    ck_assert_int_ne(stepped.terminal, -1);
    ck_assert_int_eq(grantpt(stepped.terminal), 0);
    ck_assert_int_eq(unlockpt(stepped.terminal), 0);
    setenv("TRALE_STEP", "1", 1);
    unsetenv("TRALE_TRACE");
    stepped.pid = fork();
    ck_assert_int_ne(stepped.pid, -1);
    if (stepped.pid == 0) {
        setsid(); // has no terminal; the first that it opens becomes its own
        if (with_terminal && open(ptsname(stepped.terminal), O_RDWR) == -1)
            _exit(126);
        become("tests/trace_programs", arg, fds[1], null);
    }
    close(fds[1]);
    close(null);
    stepped.err = fds[0];
}

// Reads until it has asked so often, or has ended. Returns how often it has.
static int step_read(int questions)
{
    ssize_t n = 1;

    while (count(stepped.text, question) < questions && n > 0) {
        size_t room = sizeof(stepped.text) - 1 - stepped.len;
        ck_assert_uint_gt(room, 0);
        n = read(stepped.err, stepped.text + stepped.len, room);
        ck_assert_int_ne(n, -1);
        stepped.len += (size_t)n;
        stepped.text[stepped.len] = '\0';
    }
    return count(stepped.text, question);
}

static void step_type(const char *keys)
{
    ssize_t len = (ssize_t)strlen(keys);

    ck_assert_int_eq(write(stepped.terminal, keys, (size_t)len), len);
}

static void step_end(void)
{
    int status;

    step_read(INT32_MAX);
    ck_assert_int_eq(waitpid(stepped.pid, &status, 0), stepped.pid);
    ck_assert_msg(status == 0, "status %#x: %.2000s", (unsigned)status,
                  stepped.text);
    close(stepped.err);
    close(stepped.terminal);
}

// Takes the questions and what dumps say away: what is left is the trace.
static char *step_trace(void)
{
    char *from = stepped.text, *to = stepped.text;

    for (char *ask; (ask = strstr(stepped.text, question)) != NULL;) {
        char *start = ask, *end = ask + strlen(question);
        while (start > stepped.text && start[-1] != '\n') start--;
        memmove(start, end, strlen(end) + 1);
    }
    while (*from != '\0') {
        size_t len = strcspn(from, "\n") + (strchr(from, '\n') != NULL);
        bool told = strncmp(from, "trale: ", 7) != 0 && from[3] == '.';
        if (told) memmove(to, from, len);
        if (told) to += len;
        from += len;
    }
    *to = '\0';
    return stepped.text;
}

// Each Enter lets one poll happen, and none happens without. What was told is
// the same as ever. Thinking for long is not taken for a poll that blocks.
START_TEST(test_step_by_step)
{
    int questions = 0;

    if (!has_terminals()) return;
    step_start("tasks", true);
    while (step_read(questions + 1) == questions + 1) {
        questions++;
        if (questions == 2) sleep_for(0.3);
        ck_assert_int_eq(count(stepped.text, " executor poll "), questions);
        ck_assert_int_eq(count(stepped.text, " executor pending ") +
                             count(stepped.text, " executor ready "),
                         questions - 1);
        step_type("\n");
    }
    step_end();
    ck_assert_int_eq(count(stepped.text, "blocked"), 0);
    ck_assert_int_eq(questions, 9);
    assert_golden(strdup(step_trace()), "tasks", false, false);
}
END_TEST

// While it stops before a poll, d dumps and asks again.
START_TEST(test_step_dumps)
{
    if (!has_terminals()) return;
    step_start("tasks", true);
    ck_assert_int_eq(step_read(1), 1);
    for (int i = 1; i <= 3; i++) {
        step_type("d\n");
        ck_assert_int_eq(step_read(i + 1), i + 1);
        ck_assert_int_eq(count(stepped.text, "trale: of 1 tasks so far, these "
                                             "are left:\npoll branch#1\n"),
                         i);
    }
    ck_assert_int_eq(count(stepped.text, " executor poll "), 1);
    step_type("c\n");
    step_end();
    assert_golden(strdup(step_trace()), "tasks", false, false);
}
END_TEST

// c and the end of input (Ctrl-D) run on, and it does not ask again.
START_TEST(test_step_runs_on)
{
    static const char *const keys[] = { "c\n", "\4" };

    if (!has_terminals()) return;
    for (int i = 0; i < 2; i++) {
        step_start("tasks", true);
        ck_assert_int_eq(step_read(1), 1);
        step_type("\n");
        ck_assert_int_eq(step_read(2), 2);
        step_type(keys[i]);
        step_end();
        ck_assert_int_eq(count(stepped.text, question), 2);
        assert_golden(strdup(step_trace()), "tasks", false, false);
    }
}
END_TEST

// Without a terminal it says so, and runs on.
START_TEST(test_step_without_terminal)
{
    static const char words[] =
        "trale: no terminal to type Enter on, so no stops\n";

    if (!has_terminals()) return;
    step_start("tasks", false);
    step_end();
    ck_assert_int_eq(count(stepped.text, question), 0);
    ck_assert_ptr_eq(strstr(stepped.text, words), stepped.text);
    assert_golden(strdup(step_trace()), "tasks", false, false);
}
END_TEST

// ---------------------------------------------------------------------------
// Dumps
// ---------------------------------------------------------------------------

// What executor_dump writes. The caller frees it.
static char *dump(void)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    ck_assert_ptr_nonnull(out);
    executor_dump(out);
    fclose(out);
    return text;
}

// Is the text like the pattern, in which <fd> and <s> stand for what is not
// known before, a descriptor and seconds?
static bool is_like(const char *pattern, const char *text)
{
    for (; *pattern != '\0'; pattern++) {
        if (*pattern != '<') {
            if (*pattern != *text++) return false;
            continue;
        }
        size_t n =
            strspn(text, pattern[1] == 's' ? "0123456789." : "0123456789");
        if (n == 0) return false;
        text += n;
        pattern = strchr(pattern, '>');
    }
    return *text == '\0';
}

static void assert_dump(const char *pattern)
{
    char *text = dump();

    ck_assert_msg(is_like(pattern, text), "%sinstead of\n%s", text, pattern);
    free(text);
}

// Nothing was spawned yet.
START_TEST(test_dump_of_nothing)
{
    assert_dump("trale: of 0 tasks so far, these are left:\n");
    executor_block_on(ready(1));
}
END_TEST

// A chain of ten awaits: each link awaits the next, on a line of its own.
struct link {
    struct async async;
    int depth, fd;
};

static struct future *chain(int depth, int fd);

static struct future *receive(int fd)
{
    return udp_socket_recv_from(fd, NULL, 0, NULL);
}

enum { FIRST_LINK = __LINE__ + 7 }; // the line of the first AWAIT
static struct poll link_poll(struct future *future, struct context *cx)
{
    struct link *self = (struct link *)future;

    ASYNC_BEGIN(self);
    // clang-format off
    if (self->depth == 1) AWAIT(self, chain(2, self->fd));
    if (self->depth == 2) AWAIT(self, chain(3, self->fd));
    if (self->depth == 3) AWAIT(self, chain(4, self->fd));
    if (self->depth == 4) AWAIT(self, chain(5, self->fd));
    if (self->depth == 5) AWAIT(self, chain(6, self->fd));
    if (self->depth == 6) AWAIT(self, chain(7, self->fd));
    if (self->depth == 7) AWAIT(self, chain(8, self->fd));
    if (self->depth == 8) AWAIT(self, chain(9, self->fd));
    if (self->depth == 9) AWAIT(self, chain(10, self->fd));
    if (self->depth == 10) AWAIT(self, receive(self->fd));
    // clang-format on
    ASYNC_END(self, self->depth);
}

static struct future *chain(int depth, int fd)
{
    static const struct future_vtable vtables[] = {
        { "one", link_poll, async_drop },   { "two", link_poll, async_drop },
        { "three", link_poll, async_drop }, { "four", link_poll, async_drop },
        { "five", link_poll, async_drop },  { "six", link_poll, async_drop },
        { "seven", link_poll, async_drop }, { "eight", link_poll, async_drop },
        { "nine", link_poll, async_drop },  { "ten", link_poll, async_drop }
    };
    struct link *self = future_new(sizeof(*self), &vtables[depth - 1]);

    self->depth = depth;
    self->fd = fd;
    return &self->async.future;
}

static int bound(void)
{
    struct socket_addr addr = localhost(0);
    int sock = udp_socket_bind(&addr);

    ck_assert_int_ge(sock, 0);
    return sock;
}

// It is dumped with ten names and ten lines, and what the leaf waits for.
START_TEST(test_dump_of_ten_awaits)
{
    static const char *const links[] = { "one",  "two", "three", "four",
                                         "five", "six", "seven", "eight",
                                         "nine", "ten" };
    char pattern[1000] = "trale: of 2 tasks so far, these are left:\nwait ";
    int sock = bound();
    struct socket_addr addr = local_addr(sock);
    struct task_joiner joiner = executor_spawn(chain(1, sock));

    executor_block_on(ready(1)); // it has been polled
    for (int i = 0; i < 10; i++) {
        size_t len = strlen(pattern);
        snprintf(pattern + len, sizeof(pattern) - len,
                 "%s%s at test_trace.c:%d > ", links[i], i == 0 ? "#1" : "",
                 FIRST_LINK + i);
    }
    strcat(pattern, "recv_from (fd <fd>, readable)\n");
    assert_dump(pattern);
    ck_assert_int_eq(sendto(sock, "", 0, 0, &addr.any, addr.len), 0);
    ck_assert_int_eq(task_joiner_join(&joiner), 1);
    assert_dump("trale: of 2 tasks so far, these are left:\n");
    close(sock);
}
END_TEST

// What was registered before the limit was lowered is still found.
START_TEST(test_dump_beyond_the_limit)
{
    struct rlimit few;
    int sock = fcntl(bound(), F_DUPFD, 300);
    struct task_joiner joiner = executor_spawn(chain(1, sock));

    ck_assert_int_ge(sock, 300);
    executor_block_on(ready(1));
    getrlimit(RLIMIT_NOFILE, &few);
    few.rlim_cur = 200;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    char *text = dump();
    ck_assert_msg(strstr(text, "recv_from (fd 3") != NULL, "%s", text);
    free(text);
    task_joiner_drop(&joiner);
}
END_TEST

// A task whose polls wait for `go`, so that others stay where they are.
static struct gate {
    sem_t in, go;
} gate;

static struct poll gate_poll(void *data, struct context *cx)
{
    (void)data, (void)cx;
    sem_post(&gate.in);
    while (sem_wait(&gate.go) != 0) continue;
    return POLL_READY(0);
}

static struct task_joiner gate_close(void)
{
    sem_init(&gate.in, 0, 0);
    sem_init(&gate.go, 0, 0);
    struct task_joiner joiner = executor_spawn(poll_fn(gate_poll, NULL, NULL));
    while (sem_wait(&gate.in) != 0) continue;
    return joiner;
}

// A machine without AWAIT that waits for several at once: two sleeps, and room
// in a pipe.
struct several {
    struct future future;
    struct future *sleeps[2];
    struct subscription sub;
    int fd;
    atomic_bool *end;
};

static struct poll several_poll(struct future *future, struct context *cx)
{
    struct several *self = (struct several *)future;

    if (*self->end) return POLL_READY(0);
    for (int i = 0; i < 2; i++) future_poll(self->sleeps[i], cx);
    return register_waker(&self->sub, self->fd, cx->waker, WAKEUP_WRITABLE);
}

static void several_drop(struct future *future)
{
    struct several *self = (struct several *)future;

    for (int i = 0; i < 2; i++) future_drop(self->sleeps[i]);
    reactor_deregister_waker(&self->sub);
}

static struct several *several(atomic_bool *end, int fd)
{
    static const struct future_vtable vtable = { "several", several_poll,
                                                 several_drop };
    struct several *self = future_new(sizeof(*self), &vtable);

    self->sleeps[0] = timer_sleep(duration_from_secs(100));
    self->sleeps[1] = timer_sleep(duration_from_secs(200));
    self->end = end;
    self->fd = fd;
    return self;
}

// Fills a pipe and returns its two ends.
static void full_pipe(int fds[2])
{
    static char bytes[4096];

    ck_assert_int_eq(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
    while (write(fds[1], bytes, sizeof(bytes)) > 0) continue;
}

struct awaits {
    struct async async;
    struct task_joiner joiner;
};

static struct poll awaits_poll(struct future *future, struct context *cx)
{
    struct awaits *self = (struct awaits *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, &self->joiner.future);
    ASYNC_END(self, 0);
}
enum { AWAITS_LINE = __LINE__ - 3 };

static const struct future_vtable awaits_vtable = { "awaits", awaits_poll,
                                                    async_drop };

// Tasks on both queues and one in its poll: with the two times, the direction
// of a pipe, and a joiner as the leaf.
START_TEST(test_dump_of_each_kind)
{
    static char bytes[1 << 16], pattern[1000];
    atomic_bool end = false;
    int fds[2];

    full_pipe(fds);
    struct several *machine = several(&end, fds[1]);
    struct awaits *awaits = future_new(sizeof(*awaits), &awaits_vtable);
    awaits->joiner = executor_spawn(&machine->future);
    struct task_joiner joiner = executor_spawn(&awaits->async.future);
    executor_block_on(ready(1));
    struct task_joiner closed = gate_close();
    struct task_joiner next = executor_spawn(yield_now());
    snprintf(pattern, sizeof(pattern),
             "trale: of 5 tasks so far, these are left:\n"
             "run  yield_now#5\n"
             "wait several#1 (fd <fd>, writable) (fd <fd>, in 99.<s> s) "
             "(fd <fd>, in 199.<s> s)\n"
             "wait awaits#2 at test_trace.c:%d > joiner\n"
             "poll poll_fn#4\n",
             AWAITS_LINE);
    assert_dump(pattern);
    sem_post(&gate.go);
    task_joiner_join(&closed);
    task_joiner_join(&next);
    end = true;
    while (read(fds[0], bytes, sizeof(bytes)) > 0) continue;
    task_joiner_join(&joiner);
    close(fds[0]);
    close(fds[1]);
}
END_TEST

// Inside its own poll a task is seen with its awaits.
struct inside {
    struct async async;
    char *text;
};

static struct poll looks_poll(void *data, struct context *cx)
{
    (void)cx;
    *(char **)data = dump();
    return POLL_READY(0);
}

static struct poll inside_poll(struct future *future, struct context *cx)
{
    struct inside *self = (struct inside *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, poll_fn(looks_poll, NULL, &self->text));
    ASYNC_END(self, self->text);
}
enum { INSIDE_LINE = __LINE__ - 3 };

START_TEST(test_dump_inside_a_task)
{
    static const struct future_vtable vtable = { "inside", inside_poll,
                                                 async_drop };
    char expected[200];
    struct inside *self = future_new(sizeof(*self), &vtable);

    char *text = (char *)executor_block_on(&self->async.future);
    snprintf(expected, sizeof(expected),
             "trale: of 1 tasks so far, these are left:\n"
             "poll inside#1 at test_trace.c:%d > poll_fn\n",
             INSIDE_LINE);
    ck_assert_str_eq(text, expected);
    free(text);
}
END_TEST

// Sleeps, spawns a task, awaits it, and cancels a chain; again and again.
struct busy {
    struct async async;
    struct task_joiner joiner;
    int sock;
    atomic_bool *end;
};

static struct poll busy_poll(struct future *future, struct context *cx)
{
    struct busy *self = (struct busy *)future;

    ASYNC_BEGIN(self);
    while (!*self->end) {
        AWAIT(self, timer_sleep((struct duration){ 100000 }));
        self->joiner = executor_spawn(chain(1, -1));
        AWAIT(self, &self->joiner.future);
        self->joiner = executor_spawn(yield_now());
        task_joiner_drop(&self->joiner);
        AWAIT(self, yield_now());
    }
    ASYNC_END(self, 0);
}

static void busy_drop(struct future *future)
{
    async_drop(future);
    task_joiner_drop(&((struct busy *)future)->joiner);
}

static atomic_int dumps_left;

static void check_dump(char *text)
{
    static const char tasks[] = "busy timer one yield_now ";
    char *rest, *line = strtok_r(text, "\n", &rest);

    ck_assert_int_eq(strncmp(line, "trale: of ", 10), 0);
    while ((line = strtok_r(NULL, "\n", &rest)) != NULL) {
        char state[8], name[16], word[20];
        unsigned long id;
        int fields = sscanf(line, "%7s %15[^#]#%lu", state, name, &id);
        snprintf(word, sizeof(word), "%s ", name);
        ck_assert_msg(fields == 3 && strstr(tasks, word) != NULL, "%s", line);
    }
}

static void *dump_main(void *data)
{
    while (dumps_left-- > 0) {
        char *text = dump();
        check_dump(text);
        free(text);
    }
    return data;
}

static void *dump_when_cancelled(void *data)
{
    pthread_cancel(pthread_self()); // at the next cancellation point
    executor_dump(data);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    return NULL;
}

// Hazard 48: a thread dumps although it was cancelled, and has just not come to
// a cancellation point. Whether it ends there or later, it must leave no lock
// behind.
START_TEST(test_cancelled_while_it_dumps)
{
    FILE *out = tmpfile();
    pthread_t thread;

    ck_assert_int_eq(executor_block_on(ready(1)), 1);
    setvbuf(out, NULL, _IONBF, 0);
    pthread_create(&thread, NULL, dump_when_cancelled, out);
    pthread_join(thread, NULL);
    ck_assert_int_eq(executor_block_on(ready(2)), 2);
    fclose(out);
}
END_TEST

static void spawn_one(void)
{
    executor_spawn(ready(1));
}

static ssize_t fork_and_spawn(void *cookie, const char *text, size_t len)
{
    (void)cookie, (void)text;
    assert_dies(spawn_one, "used after fork in the child");
    return (ssize_t)len;
}

// Hazard 46: a process that has not used trale dumps, and forks in the midst of
// it. The child must not wait for a lock that nobody there unlocks.
START_TEST(test_fork_during_first_dump)
{
    cookie_io_functions_t functions = { .write = fork_and_spawn };
    FILE *out = fopencookie(NULL, "w", functions);

    setvbuf(out, NULL, _IOLBF, BUFSIZ);
    executor_dump(out);
    ck_assert_int_eq(executor_block_on(ready(1)), 1);
    fclose(out);
}
END_TEST

// Two threads dump 10,000 times while tasks run, spawn, sleep and end. Under
// the thread sanitizer too: a dump looks at no task that is being polled.
START_TEST(test_dump_while_tasks_run)
{
    static const struct future_vtable vtable = { "busy", busy_poll, busy_drop };
    struct task_joiner joiners[4];
    pthread_t threads[2];
    atomic_bool end = false;

    dumps_left = rounds(10000);
    for (int i = 0; i < 4; i++) {
        struct busy *busy = future_new(sizeof(*busy), &vtable);
        busy->end = &end;
        joiners[i] = executor_spawn(&busy->async.future);
    }
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, dump_main, NULL), 0);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    end = true;
    for (int i = 0; i < 4; i++) task_joiner_join(&joiners[i]);
}
END_TEST

// ---------------------------------------------------------------------------
// The mistakes of learners
// ---------------------------------------------------------------------------

// The comment "Expected output" at the end of a source, without the "//     "
// of each line. A line that is indented further continues the one before.
static void read_expected(const char *path, char *expected, size_t size)
{
    char *source = read_whole(path);
    char *line = strstr(source, "// Expected output");
    size_t len = 0;

    ck_assert_msg(line != NULL, "%s says nothing of its output", path);
    for (; (line = strchr(line, '\n')) != NULL && line[1] != '\0'; line++) {
        bool more = strncmp(line + 1, "//         ", 11) == 0;
        int used, skip = more ? 11 : 7;
        if (strncmp(line + 1, "//     ", 7) != 0) continue;
        if (more) expected[len - 1] = ' ';
        used = (int)strcspn(line + 1 + skip, "\n");
        ck_assert_uint_lt(len + (size_t)used + 2, size);
        memcpy(expected + len, line + 1 + skip, (size_t)used);
        len += (size_t)used;
        expected[len++] = '\n';
    }
    expected[len] = '\0';
    free(source);
}

static void remove_trace(char *text)
{
    char *to = text;

    while (*text != '\0') {
        size_t len = strcspn(text, "\n") + 1;
        if (text[3] != '.') memmove(to, text, len);
        if (text[3] != '.') to += len;
        text += len;
    }
    *to = '\0';
}

static void assert_broken(const char *name)
{
    char program[300], source[310], expected[1000];

    snprintf(program, sizeof(program), "examples/broken/%s", name);
    snprintf(source, sizeof(source), "%s.c", program);
    read_expected(source, expected, sizeof(expected));
    struct output output = run(program, NULL, NULL, STDOUT_TOO);
    remove_trace(output.text); // blocking_poll turns it on
    ck_assert_msg(is_like(expected, output.text), "%s: %.2000sinstead of\n%s",
                  name, output.text, expected);
    // What trale reports is an abort, or else a warning.
    int signal = WIFSIGNALED(output.status) ? WTERMSIG(output.status) : 0;
    bool aborts = strstr(expected, "trale: ") != NULL &&
                  strcmp(name, "blocking_poll") != 0;
    ck_assert_int_eq(signal, aborts ? SIGABRT : 0);
    free(output.text);
}

// Each ends in its own message. (carried_local does not compile, and that is
// for check_compile.sh to see.)
START_TEST(test_broken_programs)
{
    DIR *dir = opendir("examples/broken");
    struct dirent *entry;
    int count = 0;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL) {
        char name[256];
        if (sscanf(entry->d_name, "%255[a-z_].c", name) != 1) continue;
        if (strcmp(name, "carried_local") == 0) continue;
        assert_broken(name);
        count++;
    }
    closedir(dir);
    ck_assert_int_ge(count, 9);
}
END_TEST

// A sanitizer or valgrind makes all of it slower.
static double slowness(void)
{
    const char *text = getenv("CK_TIMEOUT_MULTIPLIER");

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 20;
#endif
#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return 20;
#endif
#endif
    return text != NULL ? atof(text) : 1;
}

// While a dump is made no task runs. So it must be quick, however many wait:
// 20,000 in less than 50 ms. (The limit of descriptors may allow fewer.)
START_TEST(test_dump_of_many)
{
    struct rlimit limit;
    char *text = NULL;
    double best = 1e9;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int count = limit.rlim_max > 20100 ? 20000 : (int)limit.rlim_max - 100;
    for (int i = 0; i < count; i++) {
        struct task_joiner task =
            executor_spawn(timer_sleep(duration_from_secs(1000)));
        task_joiner_drop(&task);
    }
    executor_block_on(yield_now()); // behind them all: each has been polled
    for (int i = 0; i < 5; i++) {
        free(text);
        double start = cpu_seconds(); // nobody else here does anything
        text = dump();
        double took = cpu_seconds() - start;
        if (took < best) best = took;
    }
    ck_assert_ptr_nonnull(strstr(text, "these are left"));
    int lines = 0;
    for (const char *c = text; (c = strstr(c, ", in 99")) != NULL; c++) lines++;
    ck_assert_int_eq(lines, count);
    free(text);
    ck_assert_msg(best < 0.050 * count / 20000 * slowness(),
                  "a dump of %d tasks takes %.3f s", count, best);
}
END_TEST

// ---------------------------------------------------------------------------
// On a terminal
// ---------------------------------------------------------------------------

// Reads all that a program tells on a terminal of so many columns, without its
// colours, and says how many those were.
static int told_on_terminal(int columns, char *text, size_t size)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct winsize window = { .ws_row = 25, .ws_col = (unsigned short)columns };
    size_t len = 0;
    int colours = 0, status;
    char c;

    ck_assert_int_ne(master, -1);
    ck_assert_int_eq(grantpt(master) + unlockpt(master), 0);
    ck_assert_int_eq(ioctl(master, TIOCSWINSZ, &window), 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    ck_assert_int_ne(slave, -1);
    pid_t child = fork();
    if (child == 0) {
        dup2(slave, STDERR_FILENO);
        if (freopen("/dev/null", "w", stdout) == NULL) _exit(2);
        setenv("TERM", "xterm", true);
        setenv("TRALE_TRACE", "1", true);
        unsetenv("NO_COLOR");
        execl(BUILD "/tests/trace_programs", "", "tasks", (char *)NULL);
        _exit(127);
    }
    close(slave);
    while (read(master, &c, 1) == 1) {
        if (c == '\33') {
            colours++;
            while (read(master, &c, 1) == 1 && c != 'm') continue;
        } else if (c != '\r' && len < size - 1) {
            text[len++] = c;
        }
    }
    text[len] = '\0';
    close(master);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    return colours;
}

// No line is longer than the terminal is wide, the queues stand below each
// other, and tasks have colours.
START_TEST(test_on_terminal)
{
    static const int widths[] = { 80, 100, 140 };
    static char text[1 << 15];

    if (!has_terminals()) return;
    for (int i = 0; i < 3; i++) {
        int lines = 0;
        ptrdiff_t place = 0;
        int colours = told_on_terminal(widths[i], text, sizeof(text));
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
            int columns = 0, before = 0;
            char *queues = strstr(line, " | run: ");
            ck_assert_msg(queues != NULL, "%s", line);
            for (char *p = line; *p != '\0'; p++) {
                bool begins = (*p & 0xc0) != 0x80; // a character of UTF-8
                columns += begins;
                before += begins && p < queues;
            }
            ck_assert_msg(columns < widths[i], "%d columns: %s", columns, line);
            ck_assert_msg(place == 0 || before == place, "at %d: %s", before,
                          line);
            place = before;
            lines++;
        }
        ck_assert_int_ge(lines, 15);
        ck_assert_int_ge(colours, 4 * lines);
    }
}
END_TEST

Suite *trace_suite(void)
{
    Suite *suite = suite_create("trace");

    add_test(suite, test_trace_of_timer, 20);
    add_test(suite, test_trace_of_udp, 30);
    add_test(suite, test_trace_of_sub_tasks, 20);
    add_test(suite, test_golden_traces, 20);
    add_test(suite, test_lines_never_mix, 60);
    add_test(suite, test_local_executor_is_told, 60);
    add_test(suite, test_wakes_are_told_in_order, 60);
    add_test(suite, test_long_names, 20);
    add_test(suite, test_long_lines_are_written_whole, 20);
    add_test(suite, test_cancelled_while_it_is_told, 20);
    add_test(suite, test_told_while_dropped, 20);
    add_test(suite, test_silent_by_default, 20);
    add_test(suite, test_blocking_poll_is_told, 20);
    add_test(suite, test_many_short_blocks_are_told, 20);
    add_test(suite, test_slow_reader_is_no_block, 20);
    add_test(suite, test_computing_poll_is_not_told, 60);
    add_test(suite, test_computing_poll_under_load, 60);
    add_test(suite, test_step_by_step, 20);
    add_test(suite, test_step_dumps, 20);
    add_test(suite, test_step_runs_on, 20);
    add_test(suite, test_step_without_terminal, 20);
    add_test(suite, test_dump_of_nothing, 20);
    add_test(suite, test_dump_of_ten_awaits, 20);
    add_test(suite, test_dump_beyond_the_limit, 20);
    add_test(suite, test_dump_of_each_kind, 20);
    add_test(suite, test_dump_inside_a_task, 20);
    add_test(suite, test_cancelled_while_it_dumps, 20);
    add_test(suite, test_fork_during_first_dump, 20);
    add_test(suite, test_dump_while_tasks_run, 120);
    add_test_alone(suite, test_dump_of_many, 60);
    add_test(suite, test_on_terminal, 30);
    add_test(suite, test_broken_programs, 60);
    return suite;
}
