# Expect: only the vtables tell them apart
s/a->vtable == b->vtable && //
