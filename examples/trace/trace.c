// The talking build of trale: what happens, told while it happens.
//
// trale.c has captions, such as EVENT("wake", task, NULL). They compile to
// nothing. This file gives them a meaning and then includes trale.c, so both
// are one unit and we can look into its structs. Link it in place of trale.c:
//
//     gcc -std=c11 -I. -pthread my.c examples/trace/trace.c
//
// TRALE_TRACE=1 prints a line for each event to stderr: the time in seconds,
// the thread, the event, the task and where in its source it stands, the
// descriptor if there is one, and both queues. The number behind a waiting task
// says how many wakers of it there are:
//
// 0.000207 main     spawn      hello#1 | run: hello#1 | wait: -
// 0.000253 executor poll       hello#1 | run: - | wait: hello#1*0
// 0.000355 executor register   hello#1 at readme.c:27 > timer fd 5 readable ...
// 0.000361 executor pending    hello#1 at readme.c:27 > timer | ... hello#1*1
//
// On a terminal the same is coloured and cut to its width, and the queues stand
// below each other; NO_COLOR=1 prevents that. A file or a pipe gets it all.
//
// TRALE_STEP=1 also stops before each poll. The README.md beside this file
// explains every word.
//
// An event's line is made and written under executor.lock. So lines do not mix,
// they come in the order in which things happen, and the queues are as shown.
// The price: a thread that needs the lock waits for the terminal.
#define _GNU_SOURCE 1 // for RUSAGE_THREAD
#include "examples/trace/trace.h"

#include <stdbool.h>
#include <string.h>

// Set before main and never again, so any thread may read it.
static bool tracing;
__attribute__((cold)) static void narrate(const char *event,
                                          const struct task *task,
                                          const struct subscription *sub);
__attribute__((cold)) static void panic_where(const struct task *task);

// A panic is also told where nobody traces. The compiler compares the strings.
#define EVENT(event, task, sub)          \
    do {                                 \
        if (strcmp(event, "panic") == 0) \
            panic_where(task);           \
        else if (tracing)                \
            narrate(event, task, sub);   \
    } while (0)

#include "trale.c"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>

// ---------------------------------------------------------------------------
// Tasks and what they wait for
// ---------------------------------------------------------------------------

// The chain can be followed as far as it is made of async blocks. Any other
// future has no line, and is the last that we can name.
void future_print(FILE *out, const struct future *future)
{
    while (future != NULL && future->line > 0) {
        const struct async *async = (const struct async *)future;
        const char *slash = strrchr(async->file, '/');
        const char *file = slash != NULL ? slash + 1 : async->file;

        fprintf(out, " at %s:%d", file, future->line);
        future = async->child;
        if (future != NULL && future->vtable != NULL)
            fprintf(out, " > %s", future->vtable->name);
    }
}

// While a task is polled, the executor thread changes its futures without a
// lock, so no other thread may look at them.
//
// Any thread | holds executor.lock, or polls the task
static struct trace_task look(const struct link *link)
{
    const struct task *task = (const struct task *)link;
    bool done = task->state == DONE;
    bool in_use = task == executor.polling && task != current;

    return (struct trace_task){ "",
                                task->future->vtable->name,
                                task->id,
                                task->wakers,
                                done || in_use ? NULL : task->future,
                                done ? &task->output : NULL };
}

static void print_name(FILE *out, struct trace_task task)
{
    fprintf(out, "%s%s#%llu", task.executor, task.name,
            (unsigned long long)task.id);
}

static void print_task(FILE *out, struct trace_task task)
{
    print_name(out, task);
    if (task.output != NULL) fprintf(out, " = %ld", (long)*task.output);
    future_print(out, task.future);
}

// In the middle of a panic's line: adds where the task is.
static void panic_where(const struct task *task)
{
    if (task != NULL) future_print(stderr, task->future);
}

static const char *kind_name(enum wakeup_kind kind)
{
    return kind == WAKEUP_READABLE ? "readable" : "writable";
}

// The task that a subscription wakes; NULL if it is another executor's waker.
static const struct task *task_of(const struct subscription *sub)
{
    return sub->waker.vtable == &task_vt ? sub->waker.data : NULL;
}

// Not every descriptor is a timerfd. The others refuse the question.
static void print_wait(FILE *out, const struct subscription *sub)
{
    struct itimerspec at;

    if (timerfd_gettime(sub->fd, &at) == -1)
        fprintf(out, " (fd %d, %s)", sub->fd, kind_name(sub->kind));
    else
        fprintf(out, " (fd %d, in %ld.%ld s)", sub->fd,
                (long)at.it_value.tv_sec, at.it_value.tv_nsec / 100000000);
}

// By task, then by descriptor.
static int compare_waits(const void *a, const void *b)
{
    const struct subscription *left = *(struct subscription *const *)a;
    const struct subscription *right = *(struct subscription *const *)b;
    const uintptr_t tasks[] = { (uintptr_t)task_of(left),
                                (uintptr_t)task_of(right) };

    if (tasks[0] != tasks[1]) return tasks[0] < tasks[1] ? -1 : 1;
    return (left->fd > right->fd) - (left->fd < right->fd);
}

// All subscriptions, in that order.
struct waits {
    struct subscription **all;
    size_t count;
};

// A task does not know its subscriptions, and the reactor knows no tasks. What
// joins the two is the waker.
//
// Any thread | holds both locks
static struct waits collect_waits(void)
{
    struct waits waits = { NULL, 0 };

    for (int i = 0; i < LISTS; i++)
        for (struct subscription *s = reactor.waiting[i]; s; s = s->next) {
            if ((waits.count & (waits.count - 1)) == 0) { // full, or empty
                size_t room = waits.count ? waits.count * 2 : 1;
                waits.all = realloc(waits.all, room * sizeof(*waits.all));
                if (waits.all == NULL) panic("out of memory");
            }
            waits.all[waits.count++] = s;
        }
    if (waits.count > 0)
        qsort(waits.all, waits.count, sizeof(*waits.all), compare_waits);
    return waits;
}

// Any thread | holds both locks
static void dump_queue(FILE *out, const char *name, const struct link *queue,
                       const struct waits *waits)
{
    for (struct link *link = queue->next; link != queue; link = link->next) {
        const struct task *task = (const struct task *)link;
        size_t low = 0, high = waits->count;

        fprintf(out, "%-4s ", task == executor.polling ? "poll" : name);
        print_task(out, look(link));
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if ((uintptr_t)task_of(waits->all[middle]) < (uintptr_t)task)
                low = middle + 1;
            else
                high = middle;
        }
        for (; low < waits->count && task_of(waits->all[low]) == task; low++)
            print_wait(out, waits->all[low]);
        fputc('\n', out);
    }
}

// The time that all threads together have spent on dumps and on narration.
static _Atomic int64_t printing;

// Any thread | takes reactor.lock, and executor.lock inside it
//
// A thread that is cancelled must not end in here, with a lock or the memory.
// With both locks no task changes its queue, and no subscription comes or goes.
// A poll that is under way goes on until it needs a lock.
void executor_dump(FILE *out)
{
    int cancellable;
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);

    if (memory == NULL) panic("out of memory");
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellable);
    lock(&reactor.lock);
    lock(&executor.lock);
    int64_t start = instant_now();
    fprintf(memory, "trale: of %llu tasks so far, these are left:\n",
            (unsigned long long)executor.spawned);
    struct waits waits = collect_waits();
    dump_queue(memory, "run", &executor.run_q, &waits);
    dump_queue(memory, "wait", &executor.waiting, &waits);
    printing += instant_now() - start;
    pthread_mutex_unlock(&executor.lock);
    pthread_mutex_unlock(&reactor.lock);
    free(waits.all);
    if (fclose(memory) != 0) panic("out of memory");
    fwrite(text, 1, len, out);
    free(text);
    pthread_setcancelstate(cancellable, NULL);
}

// ---------------------------------------------------------------------------
// The narration
// ---------------------------------------------------------------------------

static int64_t began;    // the time before main
static FILE *terminal;   // where Enter is typed, under TRALE_STEP; or NULL
static bool on_terminal; // stderr is one, and shows colours

// What this thread is called. The executor thread's first event is a poll, and
// the reactor thread's first event is one of epoll's.
static _Thread_local const char *thread_name = "other";

// Clocks, read at one moment; two readings give the cost of a poll. `wall`
// leaves out what was spent on printing, for the reader of it may be slow.
// `sleeps` counts voluntary context switches: how often the thread gave up its
// processor.
static _Thread_local struct cost {
    int64_t wall, cpu;
    long sleeps;
} poll_began;

static struct cost cost_now(void)
{
    struct rusage usage;
    struct timespec cpu;

    getrusage(RUSAGE_THREAD, &usage);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    return (struct cost){ instant_now() - printing,
                          cpu.tv_sec * NANOS_PER_SEC + cpu.tv_nsec,
                          usage.ru_nvcsw };
}

// The thread that starts the program, before main | no lock
//
// A constructor, so that nothing else has to ask whether this has been done.
// While tracing, stderr is buffered by lines, so that each line is one write.
__attribute__((constructor)) static void narration_start(void)
{
    const char *trace = getenv("TRALE_TRACE"), *step = getenv("TRALE_STEP");
    bool steps = step != NULL && *step == '1';

    thread_name = "main";
    began = instant_now();
    tracing = steps || (trace != NULL && *trace == '1');
    if (tracing) setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
    const char *term = getenv("TERM");
    on_terminal = isatty(STDERR_FILENO) && getenv("NO_COLOR") == NULL &&
                  term != NULL && strcmp(term, "dumb") != 0;
    if (steps) terminal = fopen("/dev/tty", "re");
    if (steps && terminal == NULL)
        fputs("trale: no terminal to type Enter on, so no stops\n", stderr);
}

// Any thread | holds the lock that guards the queue
static void print_queue(FILE *out, const char *name, const struct link *queue,
                        trace_look *looks)
{
    bool waits = strcmp(name, "wait") == 0;

    fprintf(out, " | %s:%s", name, queue->next == queue ? " -" : "");
    for (struct link *link = queue->next; link != queue; link = link->next) {
        struct trace_task task = looks(link);

        putc(' ', out);
        print_name(out, task);
        if (waits) fprintf(out, "*%u", task.wakers);
    }
}

// Who polls | holds executor.lock
//
// A poll that took long, gave up the processor by itself and hardly used it was
// blocked, and so was every other task. The warning says "seems", because the
// program may also have been stopped, by Ctrl-Z say.
static void warn_if_blocked(FILE *out, struct cost now, struct trace_task task)
{
    int64_t wall = now.wall - poll_began.wall, cpu = now.cpu - poll_began.cpu;

    if (wall <= NANOS_PER_SEC / 10 || cpu >= wall / 10 ||
        now.sleeps <= poll_began.sleeps)
        return;
    fputs("trale: this poll of ", out);
    print_name(out, task);
    fprintf(out,
            " seems to have blocked the %s thread, and so every task, for %d "
            "ms: await instead\n",
            *task.executor != '\0' ? "host's" : "executor",
            (int)(wall / 1000000));
}

// The executor | holds executor.lock, but not while it stops
//
// Under TRALE_STEP stops before the poll. The line just printed has shown the
// queues. The reactor and all other threads go on meanwhile, and their lines
// may come after the question. They may also wake the task, as during the poll.
// At the end of input there are no more stops. The cost of the poll begins when
// Enter has been typed: to think is not to block.
static void narrate_step(const struct task *task)
{
    char line[80];

    pthread_mutex_unlock(&executor.lock);
    while (terminal != NULL) {
        fprintf(stderr, "%s#%llu is next (Enter: poll, d: dump, c: run on)\n",
                task->future->vtable->name, (unsigned long long)task->id);
        bool typed = fgets(line, sizeof(line), terminal) != NULL;
        if (!typed || *line == 'c') terminal = NULL;
        if (!typed || *line != 'd') break;
        executor_dump(stderr);
    }
    lock(&executor.lock);
}

// Adds what is between the two pointers, in exactly so many columns: the rest
// is left out, and what lacks is blank. Words that end like a task, hello#1 or
// hello#1*2, have the colour of the task.
static void print_columns(FILE *out, const char *from, const char *to,
                          int width)
{
    for (bool inside = false; from < to && width > 0; from++, width--) {
        size_t word = strcspn(from, " |\n");
        const char *number = memchr(from, '#', word);
        bool begins = !inside && number != NULL && number[1] <= '9';

        if (begins)
            fprintf(out, "\33[%dm",
                    31 + (int)(strtoul(number + 1, NULL, 10) % 6));
        if (inside && word == 0) fputs("\33[0m", out);
        inside = (inside || begins) && word > 0;
        if (width == 1 && to - from > 1)
            fputs(inside ? "\342\200\246\33[0m" : "\342\200\246", out);
        else
            fputc(*from, out);
        if (inside && from + 1 == to) fputs("\33[0m", out);
    }
    fprintf(out, "%*s", width, "");
}

// For a terminal: makes the line of an event no longer than a line there, with
// the queues below each other. On less than 100 columns the time has
// milliseconds. Before the task, a line has 10 and 21 characters.
static void lay_out(char **text, size_t *len)
{
    struct winsize size = { .ws_col = 0 };
    char *line = *text, *end = strchr(line, '\n');
    char *queues = strstr(line, " | run: ");
    FILE *out = open_memstream(text, len);

    if (out == NULL) panic("out of memory");
    assert(end != NULL && queues != NULL); // each line of an event has them
    ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
    int columns = size.ws_col >= 40 ? size.ws_col : 80;
    int left = columns < 100 ? columns * 6 / 10 : columns / 2 + 15;
    int time = columns < 100 ? 7 : 10;
    fprintf(out, "\33[2m%.*s\33[0m%.21s", time, line, line + 10);
    print_columns(out, line + 31, queues, left - time - 21);
    print_columns(out, queues, end, columns - left - 1);
    fputs(end, out);
    if (fclose(out) != 0) panic("out of memory");
    free(line);
}

// Writes the whole text at once, even if it is longer than a buffer of stdio.
static void write_line(const char *text, size_t len)
{
    flockfile(stderr);
    fflush(stderr);
    while (len > 0) {
        ssize_t n = write(fileno(stderr), text, len);
        if (n == -1 && errno != EINTR) break; // nobody could be told
        if (n > 0) text += n, len -= (size_t)n;
    }
    funlockfile(stderr);
}

// Any thread | holds executor.lock, and the lock that guards the queues
//
// The line begins with the time, so we read the clock under the lock, where
// nobody else's line can come between.
static void tell(const char *event, const struct link *task,
                 const struct subscription *sub, const struct link *run_q,
                 const struct link *waiting, trace_look *looks)
{
    struct cost now = cost_now();
    int64_t start = instant_now();
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL) panic("out of memory");
    fprintf(out, "%10.6f %-8s %-10s ", (double)(start - began) / NANOS_PER_SEC,
            thread_name, event);
    if (task != NULL) print_task(out, looks(task));
    if (sub != NULL) fprintf(out, " fd %d %s", sub->fd, kind_name(sub->kind));
    print_queue(out, "run", run_q, looks);
    print_queue(out, "wait", waiting, looks);
    fputc('\n', out);
    bool polled = strcmp(event, "pending") == 0 || strcmp(event, "ready") == 0;
    if (task != NULL && polled) warn_if_blocked(out, now, looks(task));
    if (fclose(out) != 0) panic("out of memory");
    if (on_terminal) lay_out(&text, &len);
    write_line(text, len);
    free(text);
    printing += instant_now() - start;
    if (strcmp(event, "poll") == 0) poll_began = cost_now();
}

// Any thread | holds executor.lock; or, with a subscription, holds reactor.lock
// and takes executor.lock inside it
//
// A thread that is cancelled must not die in here, with the lock.
static void narrate(const char *event, const struct task *task,
                    const struct subscription *sub)
{
    int cancellable;

    if (strcmp(event, "poll") == 0) thread_name = "executor";
    if (strcmp(event, "event") == 0) thread_name = "reactor";
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellable);
    if (sub != NULL) lock(&executor.lock);
    if (sub != NULL) task = task_of(sub);
    tell(event, task != NULL ? &task->link : NULL, sub, &executor.run_q,
         &executor.waiting, look);
    if (sub != NULL) pthread_mutex_unlock(&executor.lock);
    if (task != NULL && strcmp(event, "poll") == 0 && terminal != NULL) {
        narrate_step(task);
        poll_began = cost_now();
    }
    pthread_setcancelstate(cancellable, NULL);
}

// Any thread | takes executor.lock
//
// With our lock lines do not mix. In a forked child nobody may ever unlock it.
void trace_event(const char *event, const struct link *task,
                 const struct link *run_q, const struct link *waiting,
                 trace_look *looks)
{
    int cancellable;

    if (!tracing || process == FORKED) return;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellable);
    lock(&executor.lock);
    tell(event, task, NULL, run_q, waiting, looks);
    pthread_mutex_unlock(&executor.lock);
    pthread_setcancelstate(cancellable, NULL);
}
