# The Check suites, and the same under the sanitizers and valgrind.
TESTS = $(patsubst %.c,$(BUILD)/%.o,tests/main.c tests/test.c tests/child.c tests/lwt/programs.c $(wildcard tests/test_*.c))

.PHONY: check asan tsan valgrind

# Every test, then whether documents and sources keep to what they say.
#: make check                build and run every test (installs Check if missing)
check: all $(BUILD)/tests/check $(BUILD)/tests/check-talking
	$(RUN) $(BUILD)/tests/check
	$(RUN) $(BUILD)/tests/check-talking
ifeq ($(RUN)$(SANITIZE),)
	sh tests/check_compile.sh
	sh tests/check_docs.sh
endif

#: make asan                 the same under the address and undefined sanitizers
asan:
	ASAN_OPTIONS=detect_leaks=1 $(MAKE) check BUILD=build/asan \
	    SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all"

#: make tsan                 the same under the thread sanitizer
# Fewer seeds for the simulator: it runs one thread at a time, so no data race
# shows there, and each of its many processes starts slowly.
tsan:
	TSAN_OPTIONS="halt_on_error=1 atexit_sleep_ms=0" $(MAKE) check SEEDS=50 \
	    BUILD=build/tsan SANITIZE=-fsanitize=thread

# Some thirty times slower, so the long tests do a part of their rounds.
#: make valgrind             the same under valgrind
valgrind:
	CK_TIMEOUT_MULTIPLIER=30 TRALE_TEST_ROUNDS=20 $(MAKE) check \
	    RUN="valgrind -q --leak-check=full --error-exitcode=99 \
	    --show-leak-kinds=definite --errors-for-leak-kinds=definite \
	    --fair-sched=yes"

# Where Check is missing it is installed first, aloud. The file says how it is
# linked, which differs from system to system.
build/check.flags: tests/install_check.sh
	@mkdir -p $(@D)
	sh tests/install_check.sh $@

$(TESTS): build/check.flags $(wildcard examples/futures/*.h examples/promises/*.h tests/lwt/*.h)

$(BUILD)/tests/check: $(TESTS) $(BUILD)/futures.a $(BUILD)/trale.o
	$(COMPILE) -o $@ $^ $$(cat build/check.flags)

$(BUILD)/tests/check-talking: $(TESTS) $(BUILD)/futures.a $(TALKING)
	$(COMPILE) -o $@ $^ $$(cat build/check.flags)
