// Shows what the threads did in one run: a column for each, and in it the
// functions of trale.c that made the calls. Lines are noted in memory that
// processes share, since the one that runs the scenario may crash.
#define _GNU_SOURCE
#include "tests/explore/explore.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROWS = 4096, TEXT = 240, COLUMNS = 3, WIDTH = 37, LINES = 30 };

static struct timeline {
    int n;
    int departs; // the kinds of a departure just decided
    struct row {
        int thread;
        bool departs; // a choice of this row is no plain one
        char function[40], text[TEXT];
    } rows[ROWS];
} * timeline;

// ---------------------------------------------------------------------------
// Names, from the symbol table of this program
// ---------------------------------------------------------------------------

static int find_base(struct dl_phdr_info *info, size_t size, void *base)
{
    (void)size;
    *(uintptr_t *)base = info->dlpi_addr;
    return 1; // the first is the program itself
}

static const char *look_up(const char *file, uintptr_t address)
{
    const ElfW(Ehdr) *header = (const void *)file;
    const ElfW(Shdr) *sections = (const void *)(file + header->e_shoff);

    for (int i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type != SHT_SYMTAB) continue;
        const ElfW(Sym) *symbols = (const void *)(file + sections[i].sh_offset);
        const char *names = file + sections[sections[i].sh_link].sh_offset;
        size_t n = sections[i].sh_size / sizeof(*symbols);
        for (const ElfW(Sym) *s = symbols; s < symbols + n; s++)
            if (address >= s->st_value && address < s->st_value + s->st_size)
                return names + s->st_name;
    }
    return "?";
}

const char *timeline_symbol(const void *address)
{
    static const char *file;
    static uintptr_t base;

    if (file == NULL) {
        struct stat status;
        int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        if (fd == -1 || fstat(fd, &status) == -1) return "?";
        file =
            mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (file == MAP_FAILED) abort();
        dl_iterate_phdr(find_base, &base);
    }
    return look_up(file, (uintptr_t)address - base);
}

// ---------------------------------------------------------------------------
// Taking notes
// ---------------------------------------------------------------------------

void timeline_begin(void)
{
    timeline = sim_shared(sizeof(*timeline));
}

// The innermost function that says something. One that only locks does not.
static const char *function(void)
{
    void *const *frames;
    int n = access_stack(&frames);
    const char *name = n > 0 ? timeline_symbol(frames[n - 1]) : "";

    return n > 1 && strcmp(name, "lock") == 0 ? timeline_symbol(frames[n - 2])
                                              : name;
}

// What every run is full of, unless a departure is here.
static bool tells_little(const char *line)
{
    return (strncmp(line, "unlocks ", 8) == 0 && !strstr(line, "waits")) ||
           strcmp(line, "counts") == 0 || strstr(line, " to 0 threads");
}

static const char *departure(int kinds)
{
    if (kinds & SIM_SPURIOUS) return "wakes for no reason, ";
    if (kinds & SIM_ORDER) return "out of order, ";
    return kinds & SIM_PREEMPTION ? "preempts, " : "";
}

void timeline_tell(const char *line)
{
    const char *name = function(), *how = departure(timeline->departs);
    struct row *row = &timeline->rows[timeline->n - 1];

    if (timeline->departs == 0 && tells_little(line)) return;
    bool same = timeline->n > 0 && row->thread == sim_self() &&
                strcmp(row->function, name) == 0 &&
                strlen(row->text) + strlen(line) + 3 < TEXT;
    if (!same || timeline->departs != 0) {
        if (timeline->n == ROWS) return;
        row = &timeline->rows[timeline->n++];
        *row = (struct row){ .thread = sim_self() };
        snprintf(row->function, sizeof(row->function), "%s", name);
    }
    size_t len = strlen(row->text);
    snprintf(row->text + len, TEXT - len, "%s%s%s", len > 0 ? ", " : "", how,
             line);
    row->departs |= timeline->departs != 0;
    timeline->departs = 0;
}

void timeline_departs(int kinds)
{
    timeline->departs = kinds;
}

// ---------------------------------------------------------------------------
// Printing
// ---------------------------------------------------------------------------

static char lines[4 * ROWS][COLUMNS * WIDTH + 4];
static bool important[4 * ROWS];
static int n_lines;

// Breaks a row into lines of its column.
static void set_row(const struct row *row)
{
    char text[TEXT + 50];
    const char *rest = text;
    int column = row->thread < COLUMNS ? row->thread : COLUMNS - 1;

    snprintf(text, sizeof(text), "%s%s%s%s", row->departs ? "* " : "",
             row->function, *row->function != '\0' ? ": " : "", row->text);
    while (*rest != '\0' && n_lines < 4 * ROWS) {
        int room = WIDTH - 2, len = (int)strlen(rest);
        if (len > room) {
            len = room;
            while (len > room / 2 && rest[len] != ' ') len--;
        }
        snprintf(lines[n_lines], sizeof(*lines), "%*s%.*s", column * WIDTH, "",
                 len, rest);
        important[n_lines++] = row->departs;
        rest += len;
        while (*rest == ' ') rest++;
    }
}

// Marks the last lines, and those near to a departure. Returns how many lines
// that makes, with the heading and a "..." for each gap.
static int mark(bool *keep, int near, int end)
{
    int count = 1;

    for (int i = 0; i < n_lines; i++) {
        keep[i] = i >= n_lines - end;
        for (int j = i - near; !keep[i] && j <= i + near; j++)
            keep[i] = j >= 0 && j < n_lines && important[j];
        count += keep[i] || i == 0 || keep[i - 1];
    }
    return count;
}

// As many lines as there is room for, around the departures and up to the end.
void timeline_print(void)
{
    static bool keep[4 * ROWS];
    int near = 0, end = 2;

    n_lines = 0;
    for (int i = 0; i < timeline->n; i++) set_row(&timeline->rows[i]);
    while (end <= n_lines && mark(keep, (end + 1) / 2, end + 1) <= LINES)
        near = (++end) / 2;
    mark(keep, near, end);
    printf("%-*s%-*s%s   (*: not the plain course)\n", WIDTH, "main", WIDTH,
           "executor", "reactor");
    for (int i = 0; i < n_lines; i++) {
        if (keep[i])
            puts(lines[i]);
        else if (i == 0 || keep[i - 1])
            puts("...");
    }
}
