# The simulator: tests/sim.c says what it is. What it simulates, it wraps.
SEEDS ?= 200
SIM_CALLS = pthread_create pthread_join pthread_setname_np pthread_mutex_lock \
    pthread_mutex_unlock pthread_cond_wait pthread_cond_signal \
    pthread_cond_broadcast epoll_create1 epoll_ctl epoll_wait timerfd_create \
    timerfd_settime timerfd_gettime clock_gettime eventfd read write close \
    socket bind sendto recvfrom poll calloc malloc free
SIM_OBJECTS = $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/sim*.c))

.PHONY: sim check-sim

#: make sim SEEDS=1000       run trale in the simulator, so many times per scenario
sim: $(BUILD)/tests/sim
	@$(RUN) $< $(SEEDS)

# With a sanitizer or valgrind there is no explorer: it is one itself.
CHECKED = $(BUILD)/tests/sim $(if $(RUN)$(SANITIZE),,$(BUILD)/explore/explore)

check-sim: sim $(CHECKED) $(BUILD)/tests/sim-talking
	@RUN="$(RUN)" sh tests/check_sim.sh $(CHECKED)

GATES += check-sim

# The simulator runs the bare executor. The same with the talking one is asked
# to narrate and to dump too.
$(BUILD)/tests/sim: $(SIM_OBJECTS) $(BUILD)/futures.a $(BUILD)/trale.o tests/sim.mk
	$(LINK) -o $@ $(filter %.o %.a,$^) $(SIM_CALLS:%=-Wl,--wrap=%)

$(BUILD)/tests/sim-talking: $(SIM_OBJECTS) $(BUILD)/futures.a $(TALKING) tests/sim.mk
	$(LINK) -o $@ $(filter %.o %.a,$^) $(SIM_CALLS:%=-Wl,--wrap=%)

# The explorer: the simulator with another decider. The compiler tells it of
# each access to memory of trale.c and of the scenarios.
EXPLORE = $(BUILD)/explore
EXPLORE_OBJECTS = $(filter-out %/sim_main.o %/sim_scenarios.o,$(SIM_OBJECTS)) \
    $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/scenarios.c,$(wildcard tests/explore/*.c)))
BOUND ?= 1

.PHONY: explore

#: make explore BOUND=2      run small programs in all ways, with up to two preemptions
explore: $(EXPLORE)/explore
	@$< $(BOUND) $(SCENARIO)

$(EXPLORE)/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -O1 -fno-inline -fsanitize=thread -c -o $@ $<

$(EXPLORE)/explore: $(EXPLORE_OBJECTS) $(EXPLORE)/trale.o $(EXPLORE)/tests/explore/scenarios.o tests/sim.mk
	$(LINK) -o $@ $(filter %.o,$^) $(SIM_CALLS:%=-Wl,--wrap=%)
