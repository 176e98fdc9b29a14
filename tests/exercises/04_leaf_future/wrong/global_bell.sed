# Expect: bell_wait() was ready at poll number 2, but the bell had not been rung
3a\
static bool rung;
/^    bool rung;$/d
/^    if (self->rung) return POLL_READY(0);$/c\
    if (rung) return POLL_READY(0);
/^    self->rung = true;$/c\
    rung = true;
