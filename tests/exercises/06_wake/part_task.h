// What only the checks may do with the tasks of 06_task.h.
#include "checks.h"

struct script;

// Whether a check lets wakes in at moments of the student's code, or has other
// threads do that. (The latter see no unlocked change; the thread sanitizer
// does.)
extern bool in_between, many_threads;

struct task *spawn(const char *name, struct future *future);
struct waker task_waker(struct task *task); // a waker for the check to keep
void task_forget(struct task *task);        // undoes spawn
bool task_queued(struct task *task);
bool task_over(struct task *task); // it was ready, and step has returned
int queue_length(void);
bool expect_step(void); // calls step, and looks at what it has left behind
