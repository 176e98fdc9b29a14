# `make run` builds and runs the first example, `make check` all tests.
CFLAGS ?= -O2 -g
BUILD ?= build
EXAMPLE ?= readme

WARN = -Wall -Wextra -Wpedantic -Wshadow
# gcc alone knows this one: an initialised local that no AWAIT would keep.
WARN += $(shell $(CC) --version | grep -q clang || echo -Wjump-misses-init)
COMPILE = $(CC) -std=c11 -I. $(WARN) $(CFLAGS) $(SANITIZE) -pthread

EXAMPLES = $(patsubst %.c,$(BUILD)/%,$(wildcard examples/*.c))
TESTS = $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/*.c))
SOURCES = $(wildcard *.[ch] examples/*.[ch] tests/*.[ch])

.PHONY: all run check asan tsan valgrind format clean help

all: $(EXAMPLES)

run: $(BUILD)/examples/$(EXAMPLE)
	$< $(ARGS)

# Every test, then whether documents and sources keep to what they say.
check: all $(BUILD)/tests/check
	$(RUN) $(BUILD)/tests/check
	sh tests/check_compile.sh
	sh tests/check_docs.sh

asan:
	ASAN_OPTIONS=detect_leaks=1 $(MAKE) check BUILD=build/asan \
	    SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all"

tsan:
	TSAN_OPTIONS="halt_on_error=1 atexit_sleep_ms=0" $(MAKE) check \
	    BUILD=build/tsan SANITIZE=-fsanitize=thread

# Some thirty times slower, so the long tests do a part of their rounds.
valgrind:
	CK_TIMEOUT_MULTIPLIER=30 TRALE_TEST_ROUNDS=20 $(MAKE) check \
	    RUN="valgrind -q --leak-check=full --error-exitcode=99 \
	    --show-leak-kinds=definite --errors-for-leak-kinds=definite \
	    --fair-sched=yes"

format:
	clang-format -i $(SOURCES)

clean:
	rm -rf build

help:
	@echo "make run [EXAMPLE=udp]  build and run one: $(notdir $(EXAMPLES))"
	@echo "make check              build and run every test (installs Check if missing)"
	@echo "make asan               the same under the address and undefined sanitizers"
	@echo "make tsan               the same under the thread sanitizer"
	@echo "make valgrind           the same under valgrind"
	@echo "make all                build the examples, in build/examples/"
	@echo "make format             format all sources with clang-format"
	@echo "make clean              remove build/, where all that is built goes"
	@echo "ARGS='[::1]:9999', CC=clang, CFLAGS=-O0 are passed on (CC: make clean first)"

$(BUILD)/%.o: %.c $(wildcard *.h tests/*.h)
	@mkdir -p $(@D)
	$(COMPILE) -DBUILD='"$(BUILD)"' -c -o $@ $<

$(BUILD)/examples/%: examples/%.c $(BUILD)/trale.o trale.h $(wildcard examples/*.h)
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $< $(BUILD)/trale.o

examples/%.c:
	@echo "There is no example $*, only $(notdir $(EXAMPLES))." >&2; false

# Where Check is missing it is installed first, aloud. The file says how it is
# linked, which differs from system to system.
build/check.flags: tests/install_check.sh
	@mkdir -p $(@D)
	sh tests/install_check.sh $@

$(TESTS): build/check.flags

$(BUILD)/tests/check: $(TESTS) $(BUILD)/trale.o
	$(COMPILE) -o $@ $^ $$(cat build/check.flags)
