# Expect: Who was queued last is polled first there
/spawn("B"/d
s/"A B A"/"A A"/
