# Expect: is the count kept outside of the struct?
s/^struct countdown {/static int left;\
\
&/
s/self->left/left/
