# Expect: but join took the wake for readiness
s/int count, left; */int count, left, polls; /
s/^    if (self->left > 0) return/    if (self->polls++ > 0 \&\& self->left > 0) self->left--;\
&/
