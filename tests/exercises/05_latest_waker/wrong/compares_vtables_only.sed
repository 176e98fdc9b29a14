# Expect: only their data tells the tasks apart
s/ && a->data == b->data//
