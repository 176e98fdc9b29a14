# Expect: was cloned with the lock held
/struct waker latest/d
s/flag->waker = latest/flag->waker = waker_clone(cx->waker)/
