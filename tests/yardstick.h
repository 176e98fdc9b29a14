// The workloads of the benchmark, written by hand and without any of trale's
// code: what tests/bench.c compares trale with.
#ifndef YARDSTICK_H
#define YARDSTICK_H

// One row of a table of workloads: run(n) does n operations and returns when
// they are done. The first run starts the threads that it needs.
struct workload {
    const char *name;
    void (*run)(long n);
};

// w1, w2a, w2b, w3, w3s, w4 and w5, as the head of tests/bench.c tells them;
// the last one's name is NULL.
extern const struct workload yardstick[];

#endif
