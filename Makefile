# `make run` builds and runs the first example, `make check` all tests, and
# `make help` shows the lines that begin with #: here and in the files included.
CFLAGS ?= -O2 -g
BUILD ?= build
EXAMPLE ?= readme

WARN = -Wall -Wextra -Wpedantic -Wshadow
# gcc alone knows this one: an initialised local that no AWAIT would keep.
WARN += $(shell $(CC) --version | grep -q clang || echo -Wjump-misses-init)
COMPILE = $(CC) -std=c11 -I. $(WARN) $(CFLAGS) $(SANITIZE) -pthread

# The executor as the examples link it: with the narration and the dump.
TALKING = $(BUILD)/examples/trace/trace.o
EXAMPLES = $(patsubst %.c,$(BUILD)/%,$(wildcard examples/*.c))

.PHONY: all run format clean help

#: make run EXAMPLE=udp      build and run an example; ARGS='[::1]:9999' are passed on
#: make all                  build all examples, in build/examples/
all: $(EXAMPLES)

run: $(BUILD)/examples/$(EXAMPLE)
	$< $(ARGS)

#: make format               format all sources with clang-format
format:
	find . -path ./build -prune -o -name '*.[ch]' -exec clang-format -i {} +

#: make clean                remove build/, where all that is built goes
clean:
	rm -rf build

#: CC=clang and CFLAGS=-O0 are passed on, after make clean.
help:
	@sed -n 's/^#: //p' $(MAKEFILE_LIST)
	@echo "The examples are $(EXAMPLES:$(BUILD)/examples/%=%)."

$(BUILD)/%.o: %.c $(wildcard *.h tests/*.h)
	@mkdir -p $(@D)
	$(COMPILE) -DBUILD='"$(BUILD)"' -c -o $@ $<

$(BUILD)/examples/%: examples/%.c $(BUILD)/futures.a $(TALKING) $(wildcard *.h examples/*.h examples/futures/*.h)
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $< $(BUILD)/futures.a $(TALKING)

examples/%.c:
	@echo "There is no example $*, only $(EXAMPLES:$(BUILD)/examples/%=%)." >&2; false

include $(wildcard examples/*.mk examples/*/*.mk tests/*.mk)
