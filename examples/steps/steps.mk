# The ten steps from a busy loop to trale. A step is a program, the header of
# its own that it runs on, and libc; only the last one is on trale. The steps of
# the next chapter, from s11 on, are all on trale.
STEP ?= s01
STEPS = $(patsubst %.c,$(BUILD)/%,$(wildcard examples/steps/s*.c))
STEP_SOURCE = $(wildcard examples/steps/$(STEP)_*.c examples/steps/$(STEP).c)
STEP_PROGRAM = $(STEP_SOURCE:%.c=$(BUILD)/%)
EXPANDED = $(BUILD)/examples/steps/expanded/s02_coroutine_wait

.PHONY: step expand no_step check-steps

all: $(STEPS)

$(BUILD)/examples/steps/%: examples/steps/%.c
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $<

$(BUILD)/examples/steps/s10_trale: examples/steps/s10_trale.c $(TALKING)
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $< $(TALKING)

$(BUILD)/examples/steps/s1%: examples/steps/s1%.c $(BUILD)/futures.a $(TALKING)
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $< $(BUILD)/futures.a $(TALKING)

# This one is there for what the address sanitizer says of it.
$(BUILD)/examples/steps/s13_moved: private override SANITIZE = -fsanitize=address
$(BUILD)/examples/steps/s13_moved: examples/steps/s13_moved.c examples/futures/http.c examples/futures/tcp.c trale.c trale.h
	@mkdir -p $(@D)
	@echo 'int main(void) { return 0; }' | $(CC) $(SANITIZE) -x c -o $@ - 2> /dev/null || \
	    echo "skip $@: $(CC) has no address sanitizer"
	$(call SAY,LD $@) if test -e $@; then $(CC) $(CFLAGS_ALL) -o $@ $(filter %.c,$^); fi

#: make step STEP=s05        start the delay server, run the step, stop the server
step: $(if $(STEP_SOURCE),$(BUILD)/examples/delayserver $(STEP_PROGRAM),no_step)
	@sh examples/steps/step.sh $^

#: make expand STEP=s02      print the step with its macros expanded
expand: $(if $(STEP_SOURCE),,no_step)
	@CC="$(CC)" sh examples/steps/expand.sh $(STEP_SOURCE)

no_step:
	@echo "There is no step $(STEP), only s01 to s14." >&2; false

# A test runs what the macros of s02 stand for, and s02 itself.
$(EXPANDED).c: examples/steps/s02_coroutine_wait.c examples/steps/s02_coroutine_wait.h examples/steps/expand.sh
	@mkdir -p $(@D)
	@CC="$(CC)" sh examples/steps/expand.sh $< > $@.new
	@mv $@.new $@

$(EXPANDED): $(EXPANDED).c
	$(COMPILE) -iquote examples/steps -o $@ $<

test-programs: $(EXPANDED)
ONCE += check-steps
check-steps:
	@sh tests/check_steps.sh
