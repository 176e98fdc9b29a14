# The futures that the examples share, in an archive: a program takes from it
# what it uses.
FUTURES = $(patsubst %.c,$(BUILD)/%.o,$(wildcard examples/futures/*.c))

$(FUTURES): $(BUILD)/%.o: %.c $(wildcard *.h examples/*.h examples/futures/*.h)
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

$(BUILD)/futures.a: $(FUTURES)
	@rm -f $@
	$(AR) rcs $@ $^
