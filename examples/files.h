// What a web server must know of files: how to open one below a folder and none
// outside, what type it is of, and which there are. Include it after #define
// _GNU_SOURCE.
#ifndef FILES_H
#define FILES_H

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel's header is not where every compiler looks (musl-gcc). What it
// says is fixed for ever.
#if defined(__has_include)
#if __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#endif
#endif
#ifndef RESOLVE_BENEATH
struct open_how {
    uint64_t flags, mode, resolve;
};
#define RESOLVE_NO_MAGICLINKS 0x02
#define RESOLVE_BENEATH 0x08
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

// Opens a file, as O_PATH: to know what it is, and no more. The path must not
// leave the folder, by .. or by a symbolic link or by beginning at the root: the
// kernel itself sees to that (RESOLVE_BENEATH). To check the path beforehand
// would leave time to exchange a link after the check. Returns a descriptor, or
// -1 and errno: ENOSYS before Linux 5.6.
static inline int find_below(int folder, const char *path)
{
    struct open_how how = {
        .flags = O_PATH | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };

    return (int)syscall(SYS_openat2, folder, path, &how, sizeof(how));
}

// Opens a regular file below the folder for reading, and notes its size. What it
// is, is asked before: to open a FIFO for reading would let its writer begin, and
// lose what it writes. Returns a descriptor, or -1 and errno: ENOENT for what is
// no regular file.
static inline int open_below(int folder, const char *path, int64_t *size)
{
    char name[40];
    struct stat status;
    int found = find_below(folder, path), file = -1;

    if (found == -1) return -1;
    snprintf(name, sizeof(name), "/proc/self/fd/%d", found);
    if (fstat(found, &status) == -1 || !S_ISREG(status.st_mode))
        errno = ENOENT;
    else
        file = open(name, O_RDONLY | O_CLOEXEC);
    int error = errno;
    close(found);
    *size = file != -1 ? status.st_size : 0;
    errno = error;
    return file;
}

// Writes a name so that a browser takes it for text and for nothing else.
static inline void print_name(FILE *out, const char *name, bool in_link)
{
    for (; *name != '\0'; name++) {
        unsigned char c = (unsigned char)*name;
        bool plain = strchr("-._~", c) != NULL || (c < 128 && isalnum(c));
        if (plain || (c >= 128 && !in_link)) // UTF-8
            putc(c, out);
        else
            fprintf(out, in_link ? "%%%02X" : "&#%d;", c);
    }
}

static inline int is_listed(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && entry->d_type == DT_REG;
}

// A page with a link to each regular file of the folder, but for those whose
// name begins with a dot. Returns its text, to be freed, or NULL and errno.
static inline char *index_of(int folder, size_t *len)
{
    struct dirent **entries;
    char *text = NULL, path[40];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", folder);
    int n = scandir(path, &entries, is_listed, alphasort);
    FILE *out = n == -1 ? NULL : open_memstream(&text, len);
    if (out != NULL)
        fputs(
            "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>Index</title>\n"
            "<ul>\n",
            out);
    for (int i = 0; i < n; i++) {
        if (out != NULL) {
            fputs("<li><a href=\"", out);
            print_name(out, entries[i]->d_name, true);
            fputs("\">", out);
            print_name(out, entries[i]->d_name, false);
            fputs("</a>\n", out);
        }
        free(entries[i]);
    }
    if (n != -1) free(entries);
    if (out != NULL) fprintf(out, "</ul>\n");
    if (out != NULL) fclose(out);
    return text;
}

// Does a component of the path, which begins with a slash, say to go up? It may
// stay within the folder, but clients that mean well remove it themselves.
static inline bool goes_up(const char *path)
{
    for (; (path = strstr(path, "..")) != NULL; path += 2)
        if (path[-1] == '/' && (path[2] == '/' || path[2] == '\0')) return true;
    return false;
}

// The MIME type that the end of the name tells. Sources are text, and so is what
// has no such end, as Makefile and LICENSE.
static inline const char *mime_type(const char *path)
{
    static const char *const types[][2] = {
        { ".html", "text/html; charset=utf-8" },
        { ".css", "text/css" },
        { ".js", "text/javascript" },
        { ".png", "image/png" },
    };
    static const char text[] = " .md .txt .c .h .mk .sh .awk .py .rs .pml "
                               ".toml .yml .log ";
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    char end[20];

    if (dot == NULL || dot < slash) return "text/plain; charset=utf-8";
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (strcmp(dot, types[i][0]) == 0) return types[i][1];
    snprintf(end, sizeof(end), " %.16s ", dot);
    if (strstr(text, end) != NULL) return "text/plain; charset=utf-8";
    return "application/octet-stream";
}

#endif
