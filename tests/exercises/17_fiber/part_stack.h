// What the checks know of the student's stacks.
#ifndef PART_STACK_H
#define PART_STACK_H

#include "examples/fibers/stack.h"

// What the student's file calls in place of the functions without student_.
struct stack *student_stack_new(const char *name, void (*function)(void *arg),
                                void *arg);
bool student_stack_enter(struct stack *stack);
void student_stack_leave(struct stack *stack);

int stacks_left(void); // that were made, and have not ended

#endif
