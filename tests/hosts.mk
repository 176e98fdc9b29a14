# What the shapes of a host cost, part of `make bench`.
SHAPES = $(BUILD)/tests/hosts/bench
SHAPES_UV = $(if $(shell pkg-config --exists libuv 2> /dev/null && echo yes),$(SHAPES)_uv)

.PHONY: bench-hosts

bench: bench-hosts
bench-hosts: $(SHAPES) $(SHAPES_UV)
	@sh tests/hosts/bench.sh $^

$(SHAPES): tests/hosts/bench.c $(patsubst %,examples/%.c,hosts/local_executor \
    hosts/notification futures/spawn promises/promise promises/promise_task) \
    trale.c trale.h $(wildcard examples/hosts/*.h examples/promises/*.h)
	@mkdir -p $(@D)
	$(LINK) -O2 -DNDEBUG -o $@ $(filter %.c,$^)

$(SHAPES)_uv: tests/hosts/bench_uv.c
	@mkdir -p $(@D)
	$(COMPILE) -D_GNU_SOURCE -O2 -o $@ $< $$(pkg-config --cflags --libs libuv)
