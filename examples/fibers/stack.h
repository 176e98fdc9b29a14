// A stack of its own for a function: a coroutine, the smallest part of a fiber.
//
//     main's stack                  the other stack
//
//     s = stack_new("f", f, arg)
//     stack_enter(s)          --->  f(arg) begins
//     returns false           <---  stack_leave(s)
//     stack_enter(s)          --->  stack_leave returns, f goes on
//     returns true            <---  f returns
//
// What f keeps in its C locals stays, whatever main's stack does meanwhile.
#ifndef STACK_H
#define STACK_H

#include <stdbool.h>
#include <stddef.h>

// What a function on such a stack has: as much as its calls may be nested. Only
// what was touched takes memory. Below it are so many bytes that nobody may
// touch: who does has used the stack up, and is told so by name.
enum { STACK_SIZE = 256 << 10, STACK_GUARD = 64 << 10 };

struct stack;

// A stack where function(arg) is going to run. Nothing runs yet. *name is for
// messages and must live as long. Memory that runs out aborts.
struct stack *stack_new(const char *name, void (*function)(void *arg),
                        void *arg);

// Runs the function on its stack, until it calls stack_leave or returns. Then
// this returns false, or true: the stack is gone. It is freed in no other way,
// so a function that was begun has to be run to its end.
//
// Stacks nest: the function may enter another one. Always enter a stack on the
// same thread. stack_leave is for the function on this stack only.
bool stack_enter(struct stack *self);
void stack_leave(struct stack *self);

// How many there are, in all threads.
size_t stack_count(void);

#endif
