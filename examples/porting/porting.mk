# The bridge between callbacks and fibers, in the archive; and the five steps.
PORTING = $(patsubst %,$(BUILD)/examples/porting/%.o,async_eio callbacks)

all: $(patsubst %,$(BUILD)/examples/porting/%,rows step1 step2 step3 step4 step5)

$(BUILD)/futures.a: $(PORTING)
