# Only the first flag_set has something to do... unless it is not done yet.
s/^    flag->set = true;/    if (!atomic_exchange(\&flag->set, true)) atomic_thread_fence(memory_order_seq_cst);/
