// A fuzzer's target: libFuzzer calls it with bytes of its choice, or replay.c
// with those of files. What it must find, it says by MUST.
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                         \
    do {                                                                   \
        if (what) break;                                                   \
        fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what); \
        abort();                                                           \
    } while (0)

#endif
