# Leaves a waker of the same task where it is.
s/^    task->joiner = latest;/    if (replaced.vtable == latest.vtable \&\& replaced.data == latest.data)\
        replaced = latest;\
    else\
        task->joiner = latest;/
