# The Check suites, and the same under the sanitizers and valgrind.
TESTS = $(patsubst %.c,$(BUILD)/%.o,tests/main.c tests/test.c tests/child.c tests/lwt/programs.c $(wildcard tests/test_*.c))

# What `make check` runs. The sanitizers and valgrind have nothing to say about
# what is in ONCE.
ONCE += check-compile check-docs

# The tests see the executor wait: tests/test.c says how.
TEST_CALLS = -Wl,--wrap=pthread_cond_wait

.PHONY: test test-programs check asan tsan valgrind check-compile check-docs

#: make test                 run the tests; SUITE=task or CASE=test_rule_2 a part of them
test: test-programs
	@CK_RUN_SUITE='$(SUITE)' CK_RUN_CASE='$(CASE)' RUN='$(RUN)' \
	    $(RUN) $(BUILD)/tests/check

# And what the tests run.
test-programs: $(BUILD)/tests/check $(BUILD)/tests/check-talking all

#: make check                all that must hold: tests, pictures, documents, simulator, ...
check:
	@for gate in test $(GATES) $(if $(RUN)$(SANITIZE),,$(ONCE)); do \
	    printf '\n== %s\n' $$gate; \
	    $(MAKE) --no-print-directory $$gate && continue; \
	    printf '\ncheck: FAILED: make %s\n' $$gate; \
	    exit 1; \
	done; printf '\ncheck: all of it passed\n'

check-compile: $(CHECK_FLAGS)
	@BUILD='$(BUILD)' sh tests/check_compile.sh

check-docs:
	@sh tests/check_docs.sh

#: make asan                 the same under the address and undefined sanitizers
asan:
	TRALE_TEST_JOBS=2 ASAN_OPTIONS=detect_leaks=1 $(MAKE) check BUILD=$(BUILD)/asan \
	    SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all"

#: make tsan                 the same under the thread sanitizer
# Fewer seeds for the simulator: it runs one thread at a time, so no data race
# shows there, and each of its many processes starts slowly.
tsan:
	TRALE_TEST_JOBS=2 TSAN_OPTIONS="halt_on_error=1 atexit_sleep_ms=0" $(MAKE) check SEEDS=50 \
	    BUILD=$(BUILD)/tsan SANITIZE=-fsanitize=thread

# Some thirty times slower, so the long tests do a part of their rounds.
#: make valgrind             the same under valgrind (needs valgrind)
valgrind:
	@command -v valgrind > /dev/null || { echo "make valgrind needs valgrind" >&2; false; }
	TRALE_TEST_JOBS=1 CK_TIMEOUT_MULTIPLIER=30 TRALE_TEST_ROUNDS=20 $(MAKE) check \
	    RUN="valgrind -q --leak-check=full --error-exitcode=99 \
	    --show-leak-kinds=definite --errors-for-leak-kinds=definite \
	    --fair-sched=yes"

# Check is the one library that the tests need. Where there is none, it is
# fetched. The file says how it is compiled with and linked.
$(CHECK_FLAGS): tests/install_check.sh
	@mkdir -p $(@D)
	@CC='$(CC)' sh tests/install_check.sh $@

$(TESTS): $(CHECK_FLAGS)
$(TESTS): private CFLAGS_ALL += $$(cat $(CHECK_FLAGS).c)

$(BUILD)/tests/check: $(TESTS) $(BUILD)/futures.a $(BUILD)/trale.o
	$(LINK) -o $@ $^ $(TEST_CALLS) $$(cat $(CHECK_FLAGS))

$(BUILD)/tests/check-talking: $(TESTS) $(BUILD)/futures.a $(TALKING)
	$(LINK) -o $@ $^ $(TEST_CALLS) $$(cat $(CHECK_FLAGS))

# What README.md tells a class to break is told in a sentence. The copy with a
# mistake in it is linked with the same tests.
ONCE += check-class
.PHONY: check-class
check-class: $(BUILD)/tests/check
	@CC='$(CC)' BUILD='$(BUILD)' MAKE='$(MAKE)' sh tests/check_class.sh

$(BUILD)/class/trale.o: $(BUILD)/class/trale.c
	$(COMPILE) -w -c -o $@ $<

$(BUILD)/class/check: $(TESTS) $(BUILD)/futures.a $(BUILD)/class/trale.o
	$(LINK) -o $@ $^ $(TEST_CALLS) $$(cat $(CHECK_FLAGS))
