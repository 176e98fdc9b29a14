// Sees each access to memory of trale.c and of the scenarios: the compiler puts
// a call before it, as for the thread sanitizer (-fsanitize=thread), and what
// is called stands here and not in the sanitizer's library. It serves two ends.
//
// Which runs are the same? What a thread does depends on what it has read, and
// whoever wrote that did so before, and gave it away through a mutex, say. So
// each thread and each object has a number that stands for all that led to
// it: the touch of an object by a thread mixes both numbers, and gives both
// the new one. Two runs that differ only in the order of what is independent
// lead to the same numbers, and need not both be continued.
//
// That holds if nothing else is shared. So this is checked in each run: every
// access must come after the last one of another thread to the same bytes, by
// way of mutexes, atomics, the start or the end of threads (the vector clocks
// of FastTrack). If not, it is a data race, and the run has failed. Freed memory
// must not be touched at all.
#include "tests/explore/explore.h"

#include <stdio.h>
#include <string.h>

// A run touches little memory, and each page of it costs the process a fault.
enum { CELLS = 4096, INDEX = 8192, OBJECTS = 128, FRAMES = 64 };

typedef struct {
    uint32_t of[EXPLORE_THREADS];
} clocks;

static struct {
    uint64_t number; // for all that led it here
    clocks seen;     // how much it knows of each thread
    void *frames[FRAMES];
    int n_frames;
} threads[EXPLORE_THREADS];

// Mutexes, condition variables, threads, atomics, and the kernel.
static struct object {
    const void *address; // NULL: no object yet
    uint64_t number;
    uint64_t looks; // of all that have looked since
    clocks given;   // what those that released it knew
} objects[OBJECTS];

// Eight bytes of memory. A mask has a bit for each of them.
static struct cell {
    uintptr_t place;                               // its address / 8, or 0
    const void *writer, *readers[EXPLORE_THREADS]; // where in the code
    uint32_t write_clock, read_clock[EXPLORE_THREADS];
    uint8_t write_thread, write_mask, read_mask[EXPLORE_THREADS];
    bool allocated, freed;
} cells[CELLS];                     // the first is none
static uint16_t cells_index[INDEX]; // where a place is, by its hash
static int n_cells = 1;

static bool active;

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t z = a * 0x9e3779b97f4a7c15 + b + 0x632be59bd9b4e019;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

void access_begin(void)
{
    active = true;
    for (int i = 0; i < EXPLORE_THREADS; i++) threads[i].seen.of[i] = 1;
}

static int self(void)
{
    int thread = active ? sim_self() : -1;

    if (thread >= EXPLORE_THREADS) sim_fail("too many threads to explore");
    return thread;
}

static void join_clocks(clocks *into, const clocks *from)
{
    for (int i = 0; i < EXPLORE_THREADS; i++)
        if (from->of[i] > into->of[i]) into->of[i] = from->of[i];
}

static struct object *object_at(const void *address)
{
    size_t i = mix((uintptr_t)address, 1) % OBJECTS;
    int probes = 0;

    while (objects[i].address != NULL && objects[i].address != address)
        if (i = (i + 1) % OBJECTS, ++probes == OBJECTS)
            sim_fail("too many objects to watch");
    if (objects[i].address == NULL) {
        objects[i].address = address;
        objects[i].number = (uintptr_t)address;
    }
    return &objects[i];
}

void access_touch(const void *address, enum sim_touch how, int64_t value)
{
    int me = self();

    if (me == -1) return;
    if (address == NULL) { // all that has happened is known to this thread
        threads[me].number = access_state();
        for (int i = 0; i < EXPLORE_THREADS; i++)
            join_clocks(&threads[me].seen, &threads[i].seen);
        return;
    }
    struct object *object = object_at(address);
    uint64_t both = mix(threads[me].number, object->number);
    if (how & SIM_LOOKS) {
        threads[me].number = mix(both, 4);
        object->looks += mix(threads[me].number, 5);
    } else {
        threads[me].number = mix(mix(both, object->looks), (uint64_t)value);
        object->number = threads[me].number;
        object->looks = 0;
    }
    if (how & SIM_ACQUIRES) join_clocks(&threads[me].seen, &object->given);
    if (how & SIM_RELEASES) {
        join_clocks(&object->given, &threads[me].seen);
        threads[me].seen.of[me]++;
    }
}

uint64_t access_state(void)
{
    uint64_t state = mix((uint64_t)sim_now(), 2);

    for (int i = 0; i < EXPLORE_THREADS; i++)
        state = mix(state, threads[i].number);
    return state;
}

int access_stack(void *const **frames)
{
    int me = self();

    if (me == -1) return 0;
    *frames = threads[me].frames;
    return threads[me].n_frames < FRAMES ? threads[me].n_frames : FRAMES;
}

// ---------------------------------------------------------------------------
// Accesses
// ---------------------------------------------------------------------------

static struct cell *cell_at(uintptr_t place)
{
    size_t i = mix(place, 3) % INDEX;

    while (cells_index[i] != 0 && cells[cells_index[i]].place != place)
        i = (i + 1) % INDEX;
    if (cells_index[i] == 0) {
        if (n_cells == CELLS) sim_fail("too much memory to watch");
        cells_index[i] = (uint16_t)n_cells;
        cells[n_cells++].place = place;
    }
    return &cells[cells_index[i]];
}

static _Noreturn void fail_race(bool write, int other, bool other_wrote,
                                const void *there)
{
    void *const *frames;
    int n = access_stack(&frames);
    char here[64];

    active = false;
    snprintf(here, sizeof(here), "%s",
             n > 0 ? timeline_symbol(frames[n - 1]) : "?");
    sim_fail("a data race: %s on thread %s %s what %s on thread %s %s, and no "
             "lock is between them",
             here, sim_name(sim_self()), write ? "writes" : "reads",
             timeline_symbol(there), sim_name(other),
             other_wrote ? "wrote" : "read");
}

// At most the eight bytes of a cell.
static void access_cell(uintptr_t place, uint8_t mask, bool write)
{
    int me = self();
    struct cell *cell = cell_at(place);
    const clocks *seen = &threads[me].seen;
    int n = threads[me].n_frames;
    const void *here = n > 0 && n <= FRAMES ? threads[me].frames[n - 1] : NULL;

    if (cell->freed) {
        active = false;
        sim_fail("freed memory is used by %s", timeline_symbol(here));
    }
    if (cell->write_mask & mask && cell->write_thread != me &&
        cell->write_clock > seen->of[cell->write_thread])
        fail_race(write, cell->write_thread, true, cell->writer);
    for (int i = 0; write && i < EXPLORE_THREADS; i++)
        if (i != me && cell->read_mask[i] & mask &&
            cell->read_clock[i] > seen->of[i])
            fail_race(write, i, false, cell->readers[i]);
    uint32_t now = seen->of[me];
    if (write) {
        bool more = cell->write_thread == me && cell->write_clock == now;
        cell->write_mask = more ? cell->write_mask | mask : mask;
        cell->write_thread = (uint8_t)me;
        cell->write_clock = now;
        cell->writer = here;
    } else {
        bool more = cell->read_clock[me] == now;
        cell->read_mask[me] = more ? cell->read_mask[me] | mask : mask;
        cell->read_clock[me] = now;
        cell->readers[me] = here;
    }
}

static void access_bytes(const void *address, size_t size, bool write)
{
    uintptr_t at = (uintptr_t)address, end = at + size;

    if (self() == -1) return;
    while (at < end) {
        uintptr_t next = (at / 8 + 1) * 8 < end ? (at / 8 + 1) * 8 : end;
        unsigned mask = ((1u << (next - at)) - 1) << at % 8;
        access_cell(at / 8, (uint8_t)mask, write);
        at = next;
    }
}

void access_allocated(const void *memory, size_t size)
{
    for (uintptr_t at = (uintptr_t)memory; at < (uintptr_t)memory + size;
         at += 8) {
        struct cell *cell = cell_at(at / 8);
        *cell = (struct cell){ .place = at / 8, .allocated = true };
    }
}

static bool access_is_allocated(const void *address)
{
    size_t i = mix((uintptr_t)address / 8, 3) % INDEX;

    while (cells_index[i] != 0 &&
           cells[cells_index[i]].place != (uintptr_t)address / 8)
        i = (i + 1) % INDEX;
    return cells_index[i] != 0 && cells[cells_index[i]].allocated;
}

void access_freed(const void *memory, size_t size)
{
    if (self() == -1) return;
    access_bytes(memory, size, true);
    for (uintptr_t at = (uintptr_t)memory; at < (uintptr_t)memory + size;
         at += 8)
        cell_at(at / 8)->freed = true;
}

// ---------------------------------------------------------------------------
// What the compiler calls. The names are its own.
// ---------------------------------------------------------------------------

#define ACCESS(size)                                   \
    void __tsan_read##size(const void *at);            \
    void __tsan_write##size(const void *at);           \
    void __tsan_unaligned_read##size(const void *at);  \
    void __tsan_unaligned_write##size(const void *at); \
    void __tsan_read##size(const void *at)             \
    {                                                  \
        access_bytes(at, size, false);                 \
    }                                                  \
    void __tsan_write##size(const void *at)            \
    {                                                  \
        access_bytes(at, size, true);                  \
    }                                                  \
    void __tsan_unaligned_read##size(const void *at)   \
    {                                                  \
        access_bytes(at, size, false);                 \
    }                                                  \
    void __tsan_unaligned_write##size(const void *at)  \
    {                                                  \
        access_bytes(at, size, true);                  \
    }

ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_read_range(const void *at, size_t size);
void __tsan_read_range(const void *at, size_t size)
{
    access_bytes(at, size, false);
}

void __tsan_write_range(const void *at, size_t size);
void __tsan_write_range(const void *at, size_t size)
{
    access_bytes(at, size, true);
}

// clang calls these for what is copied as a whole.
void *__tsan_memcpy(void *to, const void *from, size_t size);
void *__tsan_memcpy(void *to, const void *from, size_t size)
{
    access_bytes(from, size, false);
    access_bytes(to, size, true);
    return memcpy(to, from, size);
}

void *__tsan_memset(void *to, int byte, size_t size);
void *__tsan_memset(void *to, int byte, size_t size)
{
    access_bytes(to, size, true);
    return memset(to, byte, size);
}

// What is called with an address of the caller knows its own as where it was
// called from itself.
void __tsan_func_entry(const void *caller);
void __tsan_func_entry(const void *caller)
{
    int me = self();

    (void)caller;
    if (me == -1) return;
    if (threads[me].n_frames < FRAMES)
        threads[me].frames[threads[me].n_frames] = __builtin_return_address(0);
    threads[me].n_frames++;
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
    int me = self();

    if (me != -1 && threads[me].n_frames > 0) threads[me].n_frames--;
}

// An atomic variable is shared once it has been written while there was more
// than one thread. Of statics, whose address is the same in all runs, we know
// that from earlier runs: search.c begins anew when one more turns out to be
// shared. What is never shared is no reason to let another thread run.
static bool is_shared(const void *at, bool writes)
{
    if (access_is_allocated(at) || explore_is_shared(at)) return true;
    if (writes && sim_several()) explore_share(at);
    return false;
}

// An access to a shared one is a place where another thread may run; a write
// gives away all that the thread has done. (It does so even if its order were
// weaker than C's default. trale.c has no other.)
static void meet(const volatile void *volatile_at, bool writes)
{
    const void *at = (const void *)volatile_at;

    if (self() == -1) return;
    if (is_shared(at, writes)) {
        sim_block("an atomic access", NULL, NULL, 0);
        sim_log("counts");
    }
    access_touch(at, SIM_ACQUIRES | (writes ? SIM_RELEASES : SIM_LOOKS), 0);
    if (cell_at((uintptr_t)at / 8)->freed) access_bytes(at, 1, false); // fails
}

#define ATOMIC_OP(bits, name, operation)                               \
    uint##bits##_t __tsan_atomic##bits##_##name(                       \
        volatile uint##bits##_t *at, uint##bits##_t value, int order); \
    uint##bits##_t __tsan_atomic##bits##_##name(                       \
        volatile uint##bits##_t *at, uint##bits##_t value, int order)  \
    {                                                                  \
        uint##bits##_t old;                                            \
        (void)order;                                                   \
        meet(at, true);                                                \
        old = *at;                                                     \
        *at = operation;                                               \
        return old;                                                    \
    }

#define ATOMIC(bits)                                                   \
    ATOMIC_OP(bits, exchange, value)                                   \
    ATOMIC_OP(bits, fetch_add, (uint##bits##_t)(old + value))          \
    ATOMIC_OP(bits, fetch_sub, (uint##bits##_t)(old - value))          \
    ATOMIC_OP(bits, fetch_and, old &value)                             \
    ATOMIC_OP(bits, fetch_or, old | value)                             \
    uint##bits##_t __tsan_atomic##bits##_load(                         \
        const volatile uint##bits##_t *at, int order);                 \
    void __tsan_atomic##bits##_store(volatile uint##bits##_t *at,      \
                                     uint##bits##_t value, int order); \
    int __tsan_atomic##bits##_compare_exchange_strong(                 \
        volatile uint##bits##_t *at, uint##bits##_t *expected,         \
        uint##bits##_t value, int order, int failed);                  \
    uint##bits##_t __tsan_atomic##bits##_load(                         \
        const volatile uint##bits##_t *at, int order)                  \
    {                                                                  \
        (void)order;                                                   \
        meet(at, true);                                                \
        return *at;                                                    \
    }                                                                  \
    void __tsan_atomic##bits##_store(volatile uint##bits##_t *at,      \
                                     uint##bits##_t value, int order)  \
    {                                                                  \
        (void)order;                                                   \
        meet(at, true);                                                \
        *at = value;                                                   \
    }                                                                  \
    int __tsan_atomic##bits##_compare_exchange_strong(                 \
        volatile uint##bits##_t *at, uint##bits##_t *expected,         \
        uint##bits##_t value, int order, int failed)                   \
    {                                                                  \
        (void)order, (void)failed;                                     \
        meet(at, true);                                                \
        bool equal = *at == *expected;                                 \
        if (equal)                                                     \
            *at = value;                                               \
        else                                                           \
            *expected = *at;                                           \
        return equal;                                                  \
    }

ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)
