# The fault injector, the planted bugs, the analyzers.
.PHONY: torture mutants lint

# The calls that tests/torture.c makes fail.
TORTURE_CALLS = malloc calloc epoll_create1 epoll_ctl epoll_wait \
    timerfd_create timerfd_settime read socket bind recvfrom sendto \
    pthread_create

#: make torture              make each call of trale.c fail, one at a time
torture:
	ASAN_OPTIONS=detect_leaks=1 $(MAKE) torture-run BUILD=$(BUILD)/torture \
	    SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all"

.PHONY: torture-run
torture-run: $(BUILD)/tests/torture
	$<

$(BUILD)/tests/torture: $(BUILD)/tests/torture.o $(BUILD)/trale.o tests/torture.mk
	$(LINK) $(TORTURE_CALLS:%=-Wl,--wrap=%) -o $@ $(filter %.o,$^)

# The judges need Check. Here one sees it if that has to be unpacked.
#: make mutants              plant some fifty bugs, one at a time, and see each noticed
mutants: $(CHECK_FLAGS)
	@MAKE="$(MAKE)" BUILD='$(BUILD)' sh tests/mutants.sh $(ARGS)

#: make lint                 run gcc -fanalyzer, clang-tidy and cppcheck
lint: $(CHECK_FLAGS)
	@BUILD='$(BUILD)' sh tests/lint.sh

#: make model WITHOUT=2      let Spin look at all states of the rules, or of all but one
.PHONY: model
model:
	@sh tests/model/model.sh $(WITHOUT)

#: make fuzz FUZZ_SECS=600   fuzz what reads requests, addresses, traces; KEEP=1 keeps finds
FUZZ_SECS ?= 60
.PHONY: fuzz
fuzz:
	@KEEP=$(KEEP) sh tests/fuzz/fuzz.sh $(FUZZ_SECS)

#: make load CHAOS=600       put delayserver under load, beside one for libuv
CHAOS ?= 600
.PHONY: load
load: all
	@sh tests/load/load.sh $(CHAOS)
