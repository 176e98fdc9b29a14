# Expect: That is busy-polling
/^        parker->woken = false; \/\/ one poll for this wake$/d
