# The benchmark, which is no part of `make check`: times are not asserted.
BENCH = $(BUILD)/tests/bench

.PHONY: bench

# All workloads beside the yardstick, then what the narration costs where
# nobody listens: the talking build beside the bare one.
#: make bench                measure beside the yardstick, and the narration's price
bench: $(BENCH) $(BENCH)-talking
	$(BENCH)
	$(BENCH)-talking versus $(BENCH)

$(BENCH): tests/bench.c tests/yardstick.c trale.c trale.h tests/yardstick.h
	@mkdir -p $(@D)
	$(LINK) -O2 -DNDEBUG -o $@ $(filter %.c,$^)

$(BENCH)-talking: tests/bench.c tests/yardstick.c examples/trace/trace.c trale.c trale.h tests/yardstick.h
	@mkdir -p $(@D)
	$(LINK) -O2 -DNDEBUG -o $@ $(filter-out trale.c,$(filter %.c,$^))
