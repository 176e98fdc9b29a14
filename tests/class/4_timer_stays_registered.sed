# A timer that is dropped does not deregister.
# FAILED rules: a sleep was dropped, and the reactor still has its waker
/^static void timer_drop/,/^}/ s/reactor_deregister_waker(&self->sub);//
