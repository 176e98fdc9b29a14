// The protocol of trale.c, in Promela: its eight rules, two tasks, and three
// threads. `make model` has Spin look at every state that they can come to.
// With -DWITHOUT=2, rule 2 is left out; README.md says what then happens.
//
// Task 0 yields twice, then waits for a descriptor. Task 1 awaits task 0. Main
// has a waker of one of them, and wakes or drops it, at whatever time.
#ifndef WITHOUT
#define WITHOUT 0
#endif
#define RULE(n) (WITHOUT != n)

#define TASKS 2
#define YIELDS 2
#define NOBODY 255
mtype = { NONE, RUN, WAIT }

// trale.c: struct task and struct executor
mtype queue[TASKS] = RUN; // rule 1: this is the task's state
byte run_q[TASKS], n_run; // those of RUN, in order
byte wakers[TASKS];       // how many there are: task->wakers
bool done[TASKS];
bool joiner;              // task 0 keeps a waker of task 1
byte polling = NOBODY;
byte passed[TASKS];       // how often another was polled before it
byte executor_lock, reactor_lock; // 0: free

// trale.c: struct subscription and struct reactor; the kernel
bool sub;                 // task 0 waits, and its waker is in the subscription
byte generation;
bool readable;            // the descriptor

// The mistake for which rule 8 is there: task 1 returns POLL_PENDING and leaves
// its waker with nobody. And whether trale has said so.
bool forgets, reported;

byte given_to_main = NOBODY; // the task of the waker that main has
byte main_wakes;             // the task of which it gets one


inline lock(mutex) { atomic { mutex == 0 -> mutex = _pid + 1 } }
inline unlock(mutex) { assert(mutex == _pid + 1); mutex = 0 }

// ---------------------------------------------------------------------------
// task.rs
// ---------------------------------------------------------------------------

byte i_; // of the two loops below, which nobody interrupts

inline leave_queue(t)
{
    d_step {
        i_ = 0;
        do
        :: i_ < n_run && run_q[i_] != t -> i_++
        :: else -> break
        od;
        do
        :: i_ + 1 < n_run -> run_q[i_] = run_q[i_ + 1]; i_++
        :: i_ + 1 == n_run -> n_run--
        :: else -> break
        od;
        i_ = 0;
        queue[t] = NONE
    }
}

inline join_queue(t, to)
{
    d_step {
        queue[t] = to;
        if
        :: to == RUN -> run_q[n_run] = t; n_run++; passed[t] = 0
        :: else
        fi
    }
}

// Without rule 1 each queue has a lock of its own, and the task is on neither
// for a moment.
inline task_move(t, to)
{
    leave_queue(t);
    if
    :: !RULE(1) ->
        unlock(executor_lock);
        printf("%d|task_move: task %d is on no queue\n", _pid, t);
        lock(executor_lock)
    :: else
    fi;
    join_queue(t, to)
}

// Rule 8. A false alarm would be as bad as silence.
inline task_release(t)
{
    if
    :: RULE(8) && queue[t] == WAIT && polling != t && wakers[t] == 0 ->
        printf("%d|task_release: nobody can wake task %d\n", _pid, t);
        assert(t == 1 && forgets);
        reported = true
    :: else
    fi
}

inline task_clone(t) { wakers[t]++ }

inline count_down(t) { assert(wakers[t] > 0); wakers[t]-- }

inline task_drop(t)
{
    lock(executor_lock);
    printf("%d|task_drop: of task %d\n", _pid, t);
    count_down(t);
    task_release(t);
    unlock(executor_lock)
}

// Rule 3.
inline task_wake(t)
{
    lock(executor_lock);
    if
    :: queue[t] == WAIT || !RULE(3) ->
        printf("%d|task_wake: task %d goes to the run-queue\n", _pid, t);
        task_move(t, RUN)
    :: else ->
        printf("%d|task_wake: task %d does not wait: nothing\n", _pid, t)
    fi;
    count_down(t);
    task_release(t);
    unlock(executor_lock)
}

// Store the waker, then look.
inline join_poll()
{
    lock(executor_lock);
    ready = done[0];
    if
    :: !ready && !joiner -> task_clone(1); joiner = true
    :: else
    fi;
    printf("%d|join_poll: task 0 is done: %d\n", _pid, ready);
    unlock(executor_lock)
}

// ---------------------------------------------------------------------------
// reactor/mod.rs
// ---------------------------------------------------------------------------

inline reactor_deregister_waker()
{
    lock(reactor_lock);
    had = sub;
    if
    :: sub ->
        printf("%d|reactor_deregister_waker: of task 0\n", _pid);
        sub = false;
        generation++
    :: else
    fi;
    unlock(reactor_lock);
    if
    :: had -> task_drop(0)
    :: else
    fi;
    had = false
}

inline reactor_register_waker()
{
    reactor_deregister_waker();
    task_clone(0);
    lock(reactor_lock);
    printf("%d|reactor_register_waker: of task 0\n", _pid);
    sub = true;
    generation++;
    unlock(reactor_lock)
}

// ---------------------------------------------------------------------------
// The futures of the two tasks
// ---------------------------------------------------------------------------

inline give_to_main(t)
{
    if
    :: main_wakes == t && given_to_main == NOBODY && !(t == 1 && forgets) ->
        task_clone(t);
        given_to_main = t
    :: else
    fi
}

inline poll_task_0()
{
    if
    :: yields < YIELDS ->
        yields++;
        task_clone(0);
        task_wake(0)
    :: else ->
        ready = readable; // the system call, tried again
        if
        :: !ready -> reactor_register_waker()
        :: else
        fi
    fi
}

inline future_poll(t)
{
    ready = false;
    give_to_main(t);
    if
    :: t == 0 -> poll_task_0()
    :: t == 1 && !forgets -> join_poll()
    :: else // POLL_PENDING, and no waker is kept
    fi
}

// Dropping what it has: the subscription, or the joiner, in which it has left a
// waker of its own.
inline future_drop(t)
{
    if
    :: t == 0 -> reactor_deregister_waker()
    :: else ->
        lock(executor_lock);
        had = joiner;
        joiner = false;
        unlock(executor_lock);
        if
        :: had -> task_drop(1)
        :: else
        fi;
        had = false
    fi
}

// ---------------------------------------------------------------------------
// The threads
// ---------------------------------------------------------------------------

// Who awaits task 0 is woken. The waker leaves the task under the lock.
inline wake_joiner()
{
    if
    :: woken -> task_wake(1)
    :: else
    fi
}

active proctype executor_loop()
{
    byte t, yields;
    bool ready, had, woken;

    d_step { run_q[0] = 0; run_q[1] = 1; n_run = 2 } // executor_spawn, twice
    do
    :: true ->
        // 1. Take the oldest task that can run; sleep while there is none.
end_1:  atomic { executor_lock == 0 && n_run > 0 -> executor_lock = _pid + 1 };
        t = (RULE(5) -> run_q[0] : run_q[n_run - 1]);

        // 2. Move it to the wait-queue, before it is polled.
        assert(!done[t]); // it has no future any more
        passed[1 - t] = passed[1 - t] + (queue[1 - t] == RUN -> 1 : 0);
        assert(passed[1 - t] < TASKS); // rule 5: nobody starves
        if
        :: RULE(2) -> task_move(t, WAIT)
        :: else -> leave_queue(t)
        fi;
        printf("%d|executor_loop: polls task %d\n", _pid, t);
        polling = t;
        unlock(executor_lock);

        // 3. Poll it, with no lock held (rule 6).
        future_poll(t);

        // 4. Pending: nothing to do. Ready: it leaves whichever queue it is on.
        if
        :: ready ->
            future_drop(t);
            lock(executor_lock);
            if
            :: RULE(4) || queue[t] == WAIT -> task_move(t, NONE)
            :: else
            fi;
            done[t] = true;
            printf("%d|task_finish: task %d is done\n", _pid, t);
            woken = t == 0 && joiner;
            joiner = joiner && !woken;
            if
            :: !RULE(6) -> wake_joiner() // with the lock held
            :: else
            fi;
            unlock(executor_lock);
            if
            :: RULE(6) -> wake_joiner()
            :: else
            fi;
            woken = false
        :: else ->
            printf("%d|executor_loop: task %d is pending\n", _pid, t);
            if
            :: !RULE(2) ->
                lock(executor_lock);
                task_move(t, WAIT);
                unlock(executor_lock)
            :: else
            fi
        fi;

        // 5. The lent waker is back.
        lock(executor_lock);
        polling = NOBODY;
        task_release(t);
        unlock(executor_lock);
        ready = false
    od
}

// It fetches an event and, some time later, takes the waker that it is for.
active proctype reactor_loop()
{
    byte fetched;

    do
    :: true ->
end_1:  atomic { sub && readable -> fetched = generation };
        printf("%d|reactor_loop: has fetched an event\n", _pid);
        lock(reactor_lock);
        if
        :: RULE(7) && fetched != generation ->
            printf("%d|reactor_loop: the event is stale\n", _pid);
            unlock(reactor_lock)
        :: else ->
            assert(sub); // or the waker is gone
            printf("%d|reactor_loop: task 0 is due\n", _pid);
            sub = false;
            generation++;
            unlock(reactor_lock);
            task_wake(0)
        fi
    od
}

active proctype main_thread()
{
    if
    :: main_wakes = 0
    :: main_wakes = 1
    :: main_wakes = NOBODY; forgets = true
    fi;
end_1:
    given_to_main != NOBODY;
    if
    :: task_wake(given_to_main)
    :: task_drop(given_to_main)
    fi
}

// The world writes to the descriptor, some time.
active proctype world()
{
    readable = true
}

// When nothing can happen any more, all tasks are done, or trale has said why
// one never will be.
active proctype rest()
{
    timeout;
    printf("%d|nothing happens any more\n", _pid);
    assert(done[0] && (done[1] || reported));
    assert(executor_lock == 0 && reactor_lock == 0);
    assert(reported || (wakers[0] == 0 && wakers[1] == 0))
}
