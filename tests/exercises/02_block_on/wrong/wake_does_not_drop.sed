# Expect: bytes that were allocated by box_new at
/^    parker_drop(self);$/d
