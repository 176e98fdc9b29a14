# A wake does not signal executor.cv.
# FAILED rules: a task was woken while the executor slept, and it sleeps on
/^static void task_wake/,/^}/ s/if (waits && executor.polling == NULL) pthread_cond_signal(&executor.cv);//
