# Expect: The second future was made twice
/self->state = SUM_SECOND/d
