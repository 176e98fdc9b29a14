# One read for each poll; the reactor tells again of what is left.
s/^    while (inbox->have < sizeof(inbox->bytes)) {/    {/
s/^        inbox->have += (size_t)n;/&\
        if (inbox->have < sizeof(inbox->bytes))\
            return reactor_register_waker(\&((struct receive *)future)->sub, cx->waker);/
