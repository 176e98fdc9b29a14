# The futures that the examples share, in an archive: a program takes from it
# what it uses.
FUTURES = $(patsubst %.c,$(BUILD)/%.o,$(wildcard examples/futures/*.c))

$(BUILD)/futures.a: $(FUTURES)
	@rm -f $@
	$(call SAY,AR $@) $(AR) rcs $@ $^
