# Fibers, in the same archive as the futures; and the programs that show them.
FIBERS = $(patsubst %,examples/fibers/%.c,stack fiber switch flow buf_read net)
FIBER_PROGRAMS = $(patsubst %,$(BUILD)/examples/fibers/%,fibers flows echo)
FIBER_PARTS = $(patsubst %,$(BUILD)/examples/fibers/%.o,client mock_net echo_states \
    echo_callbacks echo_fibers)

all: $(FIBER_PROGRAMS)

$(BUILD)/futures.a: $(FIBERS:%.c=$(BUILD)/%.o)

# What these programs are made of, besides the archive.
$(FIBER_PROGRAMS): $(BUILD)/%: %.c $(FIBER_PARTS) $(BUILD)/futures.a $(TALKING)
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $< $(FIBER_PARTS) $(BUILD)/futures.a $(TALKING)

ONCE += check-fibers
.PHONY: check-fibers
check-fibers: $(BUILD)/examples/fibers/client.o
	@sh tests/check_fibers.sh $<

# Part of `make bench`.
FIBER_BENCH = $(BUILD)/tests/bench_fibers
.PHONY: bench-fibers
bench: bench-fibers
bench-fibers: $(FIBER_BENCH)
	@taskset -c $$(taskset -cp $$$$ | sed 's/.*[^0-9]//') $<

$(FIBER_BENCH): tests/bench_fibers.c $(patsubst %,examples/%.c,fibers/stack fibers/fiber \
    fibers/switch futures/spawn futures/yield promises/promise promises/promise_task) trale.c
	@mkdir -p $(@D)
	$(LINK) -O2 -DNDEBUG -o $@ $(filter %.c,$^)
