# Fibers, in the same archive as the futures; and the programs that show them.
FIBERS = $(patsubst %,examples/fibers/%.c,stack fiber switch)

$(BUILD)/futures.a: $(FIBERS:%.c=$(BUILD)/%.o)

ONCE += check-fibers
.PHONY: check-fibers
check-fibers:
	@sh tests/check_fibers.sh
