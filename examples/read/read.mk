# trale.c as a page: comment beside code, calls as links, and the Rust.
.PHONY: read check-read

#: make read                 trale.c as a page, in build/read/; RUST=path/to/trale, a checkout
#:                           of the original, puts the Rust beside it
read:
	@sh examples/read/read.sh '$(BUILD)/read/trale.html' '$(RUST)'

check-read:
	@BUILD='$(BUILD)' sh tests/check_read.sh

ONCE += check-read
