# Promises, in the same archive as the futures; and the programs that show them.
PROMISES = $(patsubst %,examples/promises/%.c,promise promise_task lwt lwt_many lwt_sync \
    lwt_list lwt_unix)
PROMISE_OBJECTS = $(PROMISES:%.c=$(BUILD)/%.o)
PROMISE_PROGRAMS = $(patsubst %.c,$(BUILD)/%,$(filter-out $(PROMISES),$(wildcard examples/promises/*.c)))

all: $(PROMISE_PROGRAMS)

$(BUILD)/futures.a: $(PROMISE_OBJECTS)

# Without optimisation, down to lwt_bind. The program says why.
$(BUILD)/examples/promises/stack_table: examples/promises/stack_table.c $(PROMISES) $(BUILD)/futures.a $(TALKING)
	$(LINK) -O0 -o $@ $(filter %stack_table.c %.a %.o %/lwt.c %/promise.c,$^)
