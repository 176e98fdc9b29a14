# Promises beside real Lwt, and short of memory.
LWT_PRINT = $(BUILD)/tests/lwt/print
LWT_BENCH = $(BUILD)/tests/lwt/bench
LWT_TORTURE = $(BUILD)/tests/lwt/torture

.PHONY: lwt-oracle bench-promises torture-promises

#: make lwt-oracle           compare promises with real Lwt (skipped without OCaml)
lwt-oracle: $(LWT_PRINT)
	@sh tests/lwt/oracle.sh $<

$(LWT_PRINT): $(BUILD)/tests/lwt/print.o $(BUILD)/tests/lwt/programs.o $(BUILD)/futures.a $(BUILD)/trale.o
	$(LINK) -o $@ $^

# Part of `make bench`.
bench: bench-promises
bench-promises: $(LWT_BENCH)
	sh tests/lwt/bench.sh $<

$(LWT_BENCH): tests/lwt/bench.c $(PROMISES) examples/futures/spawn.c trale.c trale.h $(wildcard examples/promises/*.h)
	@mkdir -p $(@D)
	$(LINK) -O2 -DNDEBUG -o $@ $(filter %.c,$^)

# Part of `make torture`: see there for how it is built.
torture-run: torture-promises
torture-promises: $(LWT_TORTURE)
	$<

$(LWT_TORTURE): $(BUILD)/tests/lwt/torture.o $(BUILD)/tests/lwt/programs.o $(BUILD)/futures.a $(BUILD)/trale.o
	$(LINK) -Wl,--wrap=malloc -Wl,--wrap=calloc -o $@ $^
