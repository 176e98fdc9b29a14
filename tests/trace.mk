# What the trace suite runs: a program for each mistake of a learner, and one
# that plays what a trace may show.
BROKEN = $(patsubst %.c,$(BUILD)/%,$(wildcard examples/broken/*.c))
CARRIED = $(BUILD)/examples/broken/carried_local

test-programs: $(filter-out $(CARRIED),$(BROKEN)) $(BUILD)/tests/trace_programs

# Of this one there is only the compiler's refusal to be seen.
$(CARRIED): private WARN += -Werror
$(CARRIED): private WARN += $(shell $(CC) --version | grep -q clang && \
    echo -Wconditional-uninitialized)

$(BUILD)/tests/trace_programs: $(BUILD)/tests/trace_programs.o $(TALKING)
	$(LINK) -o $@ $^
