# Expect: A single poll of countdown used
s/^    self->left--;/    for (volatile long i = 0; i < 300000000; i++) {\
    }\
&/
