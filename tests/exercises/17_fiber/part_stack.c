// The stacks of exercise 17: those of examples/fibers, and between them and the
// student's file something that looks at the calls.
#include "part_stack.h"
#include "examples/fibers/stack.c"
#include "harness.h"

enum { STACKS_MAX = 16 };

static struct stack *stacks[STACKS_MAX]; // that were made and have not ended
static struct stack *runs;               // NULL: the check's own

static int find(const struct stack *stack)
{
    for (int i = 0; i < STACKS_MAX; i++)
        if (stacks[i] == stack) return i;
    return -1;
}

struct stack *student_stack_new(const char *name, void (*function)(void *arg),
                                void *arg)
{
    int place = find(NULL);

    expect(place != -1, "There are more stacks than fibers.");
    event("stack", "new", "| %d stacks", stacks_left() + 1);
    return stacks[place] = stack_new(name, function, arg);
}

bool student_stack_enter(struct stack *stack)
{
    struct stack *outer = runs;
    int place = stack == NULL ? -1 : find(stack);

    expect(stack != NULL, "stack_enter was called without a stack.");
    expect(place != -1, "A stack was entered again, although its function has "
                        "returned: stack_enter had returned true.");
    expect(stack != outer, "A fiber has entered the stack on which it runs.");
    event("stack", "enter", "| the fiber runs");
    runs = stack;
    bool ended = stack_enter(stack);
    runs = outer;
    event("stack", ended ? "end" : "left", "| the fiber %s",
          ended ? "has ended" : "waits");
    if (ended) stacks[place] = NULL;
    return ended;
}

void student_stack_leave(struct stack *stack)
{
    expect(runs != NULL, "stack_leave was called where no fiber runs.");
    expect(stack == runs,
           "stack_leave was called for a stack on which nobody runs now: each "
           "fiber leaves its own.");
    stack_leave(stack);
}

int stacks_left(void)
{
    int left = 0;

    for (int i = 0; i < STACKS_MAX; i++) left += stacks[i] != NULL;
    return left;
}
