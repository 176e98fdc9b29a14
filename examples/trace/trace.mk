# `make diagram` runs an example and draws what happened, for the browser.
# Anything that runs for ever is ended after DURATION seconds, or by Ctrl-C.
DURATION ?= 10

.PHONY: diagram check-diagram

#: make diagram EXAMPLE=udp  run one for DURATION=10 s, and draw what happened;
#:                           FORMAT=perfetto for ui.perfetto.dev
diagram: $(BUILD)/examples/$(EXAMPLE)
	@FORMAT='$(FORMAT)' sh examples/trace/record.sh $(BUILD)/diagram/$(EXAMPLE) \
	    '$(DURATION)' $< $(ARGS)

# Part of `make check`, but once is enough: the sanitizers and valgrind have
# nothing to say about awk.
check-diagram: all
	@CC='$(CC)' BUILD='$(BUILD)' sh tests/check_diagram.sh

ONCE += check-diagram
