# Expect: the first waker stays for ever
s/if (!will_wake.*/if (self->waker.vtable == NULL) {/
