# Expect: bell_ring must note it, and bell_poll look
/self->rung = true/d
