# Expect: A waker of B was woken that nobody had cloned: waking consumes a waker, and
/^struct poll reactor_register/,/^}/ {
s/waker_clone(waker)/*waker/
}
