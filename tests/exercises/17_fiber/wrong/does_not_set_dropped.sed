# Expect: was polled once more, while the future that awaits it was dropped
/^    self->dropped = true;/d
