// What only the checks may do with the tasks of 06_task.h.
#include "checks.h"

struct script;

// The moments at which a wake may come between the student's lines.
enum moment { BEFORE_LOCK, AFTER_UNLOCK };

// Called at each of them, on the thread that is there, without the lock; the
// second one only inside step.
extern _Thread_local void (*at_moment)(enum moment moment);
extern void (*at_moment_of_step)(enum moment moment);

struct task *spawn(const char *name, struct future *future);
struct waker task_waker(struct task *task); // a waker for the check to keep
void task_forget(struct task *task);        // undoes spawn
bool task_queued(struct task *task);
bool task_over(struct task *task); // it was ready, and step has returned
int queue_length(void);
bool expect_step(void); // calls step, and looks at what it has left behind
