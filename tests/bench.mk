# The benchmark, which is no part of `make check`: times are not asserted.
BENCH = $(BUILD)/tests/bench

.PHONY: bench

# All workloads beside the yardstick, then what the narration costs where
# nobody listens: this build beside one without it.
#: make bench                measure beside the yardstick, and the narration's price
bench: $(BENCH) $(BENCH)-no-trace
	$(BENCH)
	$(BENCH) versus $(BENCH)-no-trace

# The narration's calls are lines of their own, each an `if (tracing)`.
$(BUILD)/tests/no_trace.c: trale.c
	@mkdir -p $(@D)
	sed '/^ *if (tracing.*;$$/d' $< > $@

$(BENCH): tests/bench.c tests/yardstick.c trale.c trale.h tests/yardstick.h
	@mkdir -p $(@D)
	$(COMPILE) -O2 -DNDEBUG -o $@ $(filter %.c,$^)

$(BENCH)-no-trace: tests/bench.c tests/yardstick.c $(BUILD)/tests/no_trace.c trale.h tests/yardstick.h
	@mkdir -p $(@D)
	$(COMPILE) -O2 -DNDEBUG -Wno-unused-function -o $@ $(filter %.c,$^)
