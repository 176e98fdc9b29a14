# The youngest task of the run-queue is taken, not the oldest.
# FAILED rules: tasks 1, 2, 3 were spawned, and polled as 1, 3, 2: the oldest
s/= (struct task \*)executor.run_q.next;/= (struct task *)executor.run_q.prev;/
