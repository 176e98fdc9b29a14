// What a web server must know of files: how to open one below a folder and none
// outside, and what type it is of. Include it after #define _GNU_SOURCE.
#ifndef FILES_H
#define FILES_H

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// Opens a file for reading. The path must not leave the folder, by .. or by a
// symbolic link or by beginning at the root: the kernel itself sees to that
// (RESOLVE_BENEATH). To check the path beforehand would leave time to exchange
// a link after the check. O_NONBLOCK is for a FIFO, which must not wait for its
// writer. Returns a descriptor, or -1 and errno: ENOSYS before Linux 5.6.
static inline int open_below(int folder, const char *path)
{
    struct open_how how = {
        .flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };

    return (int)syscall(SYS_openat2, folder, path, &how, sizeof(how));
}

// Does a component of the path, which begins with a slash, say to go up? It may
// stay within the folder, but clients that mean well remove it themselves.
static inline bool goes_up(const char *path)
{
    for (; (path = strstr(path, "..")) != NULL; path += 2)
        if (path[-1] == '/' && (path[2] == '/' || path[2] == '\0')) return true;
    return false;
}

// The MIME type that the end of the name tells.
static inline const char *mime_type(const char *path)
{
    static const char *const types[][2] = {
        { ".html", "text/html; charset=utf-8" },
        { ".css", "text/css" },
        { ".js", "text/javascript" },
        { ".png", "image/png" },
        { ".md", "text/plain; charset=utf-8" },
        { ".txt", "text/plain; charset=utf-8" },
    };
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(*types); i++)
        if (strcmp(dot, types[i][0]) == 0) return types[i][1];
    return "application/octet-stream";
}

#endif
