// Format.printf "%S": text as a string of the language, between quotes.
#ifndef QUOTED_H
#define QUOTED_H

#include <ctype.h>
#include <stdio.h>

// A line: the title, then the text. No byte of it does anything to a terminal.
static inline void print_quoted(const char *title, const char *text, size_t len)
{
    printf("%s\"", title);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\n')
            printf("\\n");
        else if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 128 && isprint(c))
            putchar(c);
        else
            printf("\\x%02x", c);
    }
    printf("\"\n");
}

#endif
