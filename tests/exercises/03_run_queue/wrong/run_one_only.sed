# Expect: run returned after 1 poll, too early: B was still in the queue, and others
/^    while ((task = queue_pop()) != NULL) {$/c\
    if ((task = queue_pop()) != NULL) {
