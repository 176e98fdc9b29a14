# Hosts: event loops that a local executor lives on. Those that are always
# there, and those that the machine may have.
HOST_PARTS = $(patsubst %,examples/hosts/%.c,local_executor notification)
HOST_OBJECTS = $(HOST_PARTS:%.c=$(BUILD)/%.o)
HOSTS = poll thread
HOST_PROGRAMS = $(HOSTS:%=$(BUILD)/examples/hosts/%)

.PHONY: hosts

all: $(HOST_PROGRAMS)

$(HOST_OBJECTS): $(wildcard *.h examples/futures/*.h examples/trace/*.h examples/hosts/*.h)
$(BUILD)/futures.a: $(HOST_OBJECTS)

$(HOST_PROGRAMS): $(BUILD)/examples/hosts/%: examples/hosts/%.c examples/hosts/guest.c examples/hosts/loop.c $(BUILD)/futures.a $(TALKING) $(wildcard examples/hosts/*.h)
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $(filter-out %.h,$^)

#: make hosts                run the same tasks on each event loop that is here
hosts: $(HOST_PROGRAMS)
	@for host in $^; do $(RUN) $$host || exit; done
