# Expect: It hung, spinning: it used
s/^    self->left--;/    for (volatile int on = 1; on == 1;) {}/
