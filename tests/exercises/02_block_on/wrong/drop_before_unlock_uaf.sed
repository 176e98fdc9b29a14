# Expect: It used memory
/^    pthread_cond_signal(&self->cv);$/a\
    parker_drop(self);
/^    parker_drop(self);$/d
