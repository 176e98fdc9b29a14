# Hosts: event loops that a local executor lives on. Two are always there, the
# others where the machine has what they need. Debian: libglib2.0-dev,
# libuv1-dev, libevent-dev, libev-dev, python3, ocaml-findlib and
# liblwt-ocaml-dev, rustc.
HOST_OBJECTS = $(patsubst %,$(BUILD)/examples/hosts/%.o,local_executor notification loop)
HOST_DIR = $(BUILD)/examples/hosts
HOSTS = poll thread glib uv event ev

# An interpreter and foreign runtimes know nothing of sanitizers and valgrind.
ifeq ($(RUN)$(SANITIZE),)
HOSTS += asyncio lwt rust rust_future
endif

# What each needs, and how it is linked.
NEEDS_glib = pkg-config --exists glib-2.0
NEEDS_uv = pkg-config --exists libuv
NEEDS_event = pkg-config --exists libevent
NEEDS_ev = echo '\#include <ev.h>' | $(CC) -E -
NEEDS_asyncio = python3 -c 'import asyncio, ctypes'
NEEDS_lwt = ocamlfind query lwt.unix
NEEDS_rust = rustc --version
NEEDS_rust_future = $(NEEDS_rust)
HOST_FLAGS_glib = $$(pkg-config --cflags --libs glib-2.0)
HOST_FLAGS_uv = $$(pkg-config --cflags --libs libuv)
HOST_FLAGS_event = $$(pkg-config --cflags --libs libevent)
HOST_FLAGS_ev = -lev

.PHONY: hosts $(HOSTS:%=host-%)

# Programs that show what happens between an executor and its host.
HOST_SHOWS = $(patsubst %,$(HOST_DIR)/%,scenario drop parker)

all: $(HOST_DIR)/poll $(HOST_DIR)/thread $(HOST_SHOWS)

$(BUILD)/futures.a: $(HOST_OBJECTS)

#: make hosts                run the same tasks on each event loop that is here
hosts: $(HOSTS:%=host-%)

$(HOSTS:%=host-%): host-%:
	@if $(or $(NEEDS_$*),true) > /dev/null 2>&1; \
	then $(MAKE) -s $(HOST_DIR)/$* && $(RUN) $(HOST_DIR)/$*; \
	else echo "skip     $*: this fails here: $(NEEDS_$*)"; fi

# The libraries come first: libevent has an event_new too, and means its own.
HOST_C = $(patsubst %,$(HOST_DIR)/%,poll thread glib uv event ev)
$(HOST_C): $(HOST_DIR)/%: examples/hosts/%.c examples/hosts/guest.c $(BUILD)/futures.a $(TALKING) $(wildcard *.h examples/hosts/*.h)
	@mkdir -p $(@D)
	$(LINK) -o $@ $(filter %.c,$^) $(HOST_FLAGS_$*) $(filter %.a %.o,$^)

$(HOST_SHOWS): $(HOST_DIR)/%: examples/hosts/%.c $(BUILD)/futures.a $(TALKING)
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $< $(BUILD)/futures.a $(TALKING)

# For programs that are not written in C.
GUEST = examples/hosts/guest.c examples/hosts/local_executor.c examples/hosts/notification.c examples/futures/spawn.c trale.c
$(HOST_DIR)/guest.so: $(GUEST) $(wildcard *.h examples/hosts/*.h)
	@mkdir -p $(@D)
	$(LINK) -fPIC -shared -o $@ $(GUEST)

$(HOST_DIR)/asyncio: examples/hosts/asyncio.py $(HOST_DIR)/guest.so
	@install $< $@

$(HOST_DIR)/lwt: examples/hosts/lwt_host.ml examples/hosts/lwt_stubs.c $(HOST_DIR)/guest.so
	@install -m 644 $(filter %.ml,$^) $(HOST_DIR)
	$(LINK) -I$$(ocamlfind ocamlc -where) -fPIC -c -o $(HOST_DIR)/lwt_stubs.o examples/hosts/lwt_stubs.c
	@cd $(HOST_DIR) && ocamlfind ocamlopt -thread -package lwt.unix -linkpkg -o lwt lwt_host.ml lwt_stubs.o \
	    -cclib guest.so -cclib '-Wl,-rpath,$$ORIGIN'

$(HOST_DIR)/rust $(HOST_DIR)/rust_future: $(HOST_DIR)/%: examples/hosts/%.rs $(HOST_DIR)/guest.so
	@rustc --edition 2021 -O -o $@ $< -C link-arg=$(HOST_DIR)/guest.so -C 'link-arg=-Wl,-rpath,$$ORIGIN'
