# The benchmark, which is no part of `make check`: times are not asserted.
BENCH = $(BUILD)/tests/bench
BENCH_SOURCES = tests/bench.c tests/yardstick.c trale.c

.PHONY: bench

# All workloads beside the yardstick, then what the narration costs where
# nobody listens: this build beside one without it.
#: make bench                measure beside the yardstick, and the narration's price
bench: $(BENCH) $(BENCH)-no-trace
	$(BENCH)
	$(BENCH) versus $(BENCH)-no-trace

$(BENCH)-no-trace: BENCH_FLAGS = -DTRALE_NO_TRACE
$(BENCH) $(BENCH)-no-trace: $(BENCH_SOURCES) trale.h tests/yardstick.h
	@mkdir -p $(@D)
	$(COMPILE) -O2 $(BENCH_FLAGS) -o $@ $(BENCH_SOURCES)
