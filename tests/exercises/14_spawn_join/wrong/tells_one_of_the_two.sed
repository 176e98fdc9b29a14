# Expect: whoever is woken, the condition is signalled too
s/^    pthread_cond_signal(&task->done);/    if (joiner.vtable == NULL) pthread_cond_signal(\&task->done);/
