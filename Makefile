# `make run` builds and runs the first example, `make test` the tests, and
# `make help` shows the lines that begin with #: here and in the files included.
CFLAGS ?= -O2 -g
BUILD ?= build
MAKEFLAGS += --no-builtin-rules
EXAMPLE ?= readme

WARN = -Wall -Wextra -Wpedantic -Wshadow
# gcc alone knows this one: an initialised local that no AWAIT would keep.
WARN += $(shell $(CC) --version 2> /dev/null | grep -q clang || echo -Wjump-misses-init)
CFLAGS_ALL = -std=c11 -I. $(WARN) $(CFLAGS) $(SANITIZE) -pthread

# To compile, and to link, said in two words. V=1 shows the commands. The
# compiler writes beside each result which headers it was made from.
SAY = @$(if $(V),set -x,$(if $(findstring s,$(firstword -$(MAKEFLAGS))),:,echo "$(1)"));
COMPILE = $(call SAY,CC $<) $(CC) $(CFLAGS_ALL) -MMD -MP -MF $@.d -MT $@
LINK = $(call SAY,LD $@) $(CC) $(CFLAGS_ALL)

# The executor as the examples link it: with the narration and the dump.
TALKING = $(BUILD)/examples/trace/trace.o
# What the compiler is told of the Check library, see tests/check.mk.
CHECK_FLAGS = $(BUILD)/check.flags
EXAMPLES = $(patsubst %.c,$(BUILD)/%,$(wildcard examples/*.c))

.PHONY: all run format clean help
.DELETE_ON_ERROR:

#: make run EXAMPLE=udp      build and run an example; ARGS='[::1]:9999' are passed on
#: make all                  build all examples, in build/examples/; V=1 shows the commands
all: $(EXAMPLES)

run: $(BUILD)/examples/$(EXAMPLE)
	@$< $(ARGS)

#: make format               format all sources (needs clang-format)
format:
	@command -v clang-format > /dev/null || { echo "make format needs clang-format" >&2; false; }
	find . -path ./build -prune -o -name '*.[ch]' -exec clang-format -i {} +

#: make clean                remove build/, where all that is built goes
clean:
	rm -rf $(BUILD)

#: CC=clang, CFLAGS=-O0 and BUILD=/tmp/trale (for another place) are passed on.
help:
	@sed -n 's/^#: //p' $(MAKEFILE_LIST)
	@echo "The examples are $(EXAMPLES:$(BUILD)/examples/%=%)."

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -DBUILD='"$(BUILD)"' -c -o $@ $<

$(BUILD)/examples/%: examples/%.c $(BUILD)/futures.a $(TALKING)
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $< $(BUILD)/futures.a $(TALKING)

examples/%.c:
	@echo "There is no example $*, only $(EXAMPLES:$(BUILD)/examples/%=%)." >&2; false

include $(wildcard examples/*.mk examples/*/*.mk tests/*.mk)

DEPENDENCIES = $(shell find $(patsubst %,$(BUILD)/%,trale.o.d examples tests explore class) -name '*.d' 2> /dev/null)
$(DEPENDENCIES): ;
include $(DEPENDENCIES)
