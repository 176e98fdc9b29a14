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
