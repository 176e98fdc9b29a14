# The fault injector and the planted bugs: included by the Makefile.
.PHONY: torture mutants lint

# The calls that tests/torture.c makes fail.
WRAPPED = malloc calloc epoll_create1 epoll_ctl epoll_wait timerfd_create \
    timerfd_settime read socket bind recvfrom sendto pthread_create \
    pthread_atfork

torture:
	ASAN_OPTIONS=detect_leaks=1 $(MAKE) torture-run BUILD=build/torture \
	    SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all"

.PHONY: torture-run
torture-run: $(BUILD)/tests/torture
	$<

$(BUILD)/tests/torture: $(BUILD)/tests/torture.o $(BUILD)/trale.o tests/torture.mk
	$(COMPILE) $(WRAPPED:%=-Wl,--wrap=%) -o $@ $(filter %.o,$^)

# Check is asked for here too, where its installation can be seen.
mutants: build/check.flags
	MAKE="$(MAKE)" sh tests/mutants.sh $(ARGS)

lint:
	sh tests/lint.sh
