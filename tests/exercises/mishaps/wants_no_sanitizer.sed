# Expect: no_sanitize in line 
s/^static struct poll countdown_poll/__attribute__((no_sanitize("address")))\
&/
