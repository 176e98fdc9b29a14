// The example of trale's README: two tasks sleep for two seconds, both at the
// same time and both on one thread, and each returns a number.
//
//     let task1 = Executor::spawn(async {
//         Timer::sleep(Duration::from_secs(2)).await;
//         println!("Hello task 1!");
//         1
//     });
//
// states.c shows the same program without the macros.
#include "trale.h"

#include <stdio.h>

// The locals of the async block. What an async block captures, rustc puts into
// such a struct as well.
struct hello {
    struct async async;
    int id;
};

static struct poll hello_poll(struct future *future, struct context *cx)
{
    struct hello *self = (struct hello *)future;

    ASYNC_BEGIN(self);
    AWAIT(self, timer_sleep(duration_from_secs(2)));
    printf("Hello task %d!\n", self->id);
    ASYNC_END(self, self->id);
}

static struct future *hello(int id)
{
    static const struct future_vtable vtable = { "hello", hello_poll,
                                                 async_drop };
    struct hello *self = future_new(sizeof(*self), &vtable);

    self->id = id;
    return &self->async.future;
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // by lines, as println! does

    struct task_joiner task1 = executor_spawn(hello(1));
    struct task_joiner task2 = executor_spawn(hello(2));

    printf("Joined task 1: %d\n", (int)task_joiner_join(&task1));
    printf("Joined task 2: %d\n", (int)task_joiner_join(&task2));
    return 0;
}

// Expected output, after so many seconds. Lines of the same time may come in
// another order: the tasks do not wait for each other, nor for main.
//
//     2.0  Hello task 1!
//     2.0  Hello task 2!
//     2.0  Joined task 1: 1
//     2.0  Joined task 2: 2
