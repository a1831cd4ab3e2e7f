# The two commands to know: `make demo` shows redirects at work, `make test` tests everything, as root.

CARGO   ?= cargo
APXS    ?= $(shell command -v apxs || command -v apxs2)
MODULES  = mirrorbrain asn autoindex_mb
PACKAGES = $(MODULES:%=-p mod_%)
DESTDIR ?=
PREFIX  ?= /usr/local

.PHONY: all setup namespaces demo demo-stop test fuzz memcheck fmt lint deny install clean
.PHONY: bench bench-sweep bench-listing bench-instructions bench-mb bench-scan bench-hashes bench-build soak restarts scan-kills

# The modules, under the names that httpd knows, in target/modules, and the tool target/release/mb.
all:
	$(CARGO) build --release $(PACKAGES) -p mb
	mkdir -p target/modules
	for module in $(MODULES); do \
	    install -m 644 target/release/libmod_$$module.so target/modules/mod_$$module.so || exit 1; \
	done

# What is missing on a plain Debian is installed; elsewhere it is named.
setup:
	CARGO="$(CARGO)" tools/setup.sh

demo:
	CARGO="$(CARGO)" tools/setup.sh demo
	$(CARGO) build $(PACKAGES) -p mb
	$(CARGO) run -p harness --bin demo -- start

# Where no demo was started there is nothing to build it for.
demo-stop:
	@if [ -e demo-run/pid ]; then \
	    $(CARGO) run -q -p harness --bin demo -- stop; \
	else \
	    echo "demo: not running"; \
	fi

# Some tests cut networks and fill disks. Whoever cannot let them learns it now, not in an hour.
namespaces:
	@[ -n "$$MB_WITHOUT_NAMESPACES" ] || unshare --mount --net true 2>/dev/null || { \
	    echo "test: some tests need root and the right to make namespaces, which is not there." >&2; \
	    echo "  MB_WITHOUT_NAMESPACES=1 make test    leaves them out" >&2; \
	    exit 1; \
	}

# Documentation tests first, so that the output ends with the tests on a real httpd. Those mostly wait, for
# servers and for time to go by: twice as many at once as there are cores.
test: namespaces setup
	$(CARGO) test --workspace --doc
	$(CARGO) test --workspace --exclude module-tests --all-targets
	RUST_TEST_THREADS=$${RUST_TEST_THREADS:-$$((2 * $$(nproc)))} $(CARGO) test -p module-tests --all-targets

# Restarts httpd gracefully 500 times under load, with each MPM; docs/faults.md has what came of it.
restarts: setup
	RESTARTS=$${RESTARTS:-500} $(CARGO) test -p module-tests --test main life_cycle::graceful -- --nocapture

# Kills scans at 200 moments (SCAN_KILLS): the tables are as before or after a batch. docs/faults.md
scan-kills: setup
	MB_SCAN_KILLS=$${SCAN_KILLS:-200} $(CARGO) test -p mb --test main killed_at_any_moment -- --nocapture

# What a request costs beside httpd's own modules; docs/performance.md explains the tables.
# BENCH_ARGS=--record writes them there.
bench: setup bench-build
	target/release/bench compare $(BENCH_ARGS)

# The cost curve over mirrors, paths and connections.
bench-sweep: setup bench-build
	target/release/bench sweep $(BENCH_ARGS)

# Directory listings beside those of mod_autoindex.
bench-listing: setup bench-build
	target/release/bench listing $(BENCH_ARGS)

# Instructions for each request, which do not depend on what else the machine does.
bench-instructions: setup bench-build
	target/release/bench instructions $(BENCH_ARGS)

# Commands of mb on 10,000 mirrors and a million files, beside PostgreSQL alone.
bench-mb: setup
	$(CARGO) build --release -p mb -p bench
	target/release/bench mb $(BENCH_ARGS)

# Scans of a million files beside rsync alone, and a round beside the original's statements.
bench-scan: setup
	$(CARGO) build --release -p mb -p bench
	target/release/bench scan $(BENCH_ARGS)

# makehashes of large and of many small files, beside md5sum, sha1sum, sha256sum and find.
bench-hashes: setup
	$(CARGO) build --release -p mb -p bench
	target/release/bench hashes $(BENCH_ARGS)

# SOAK_REQUESTS requests of all kinds, ten million unless it says otherwise: memory must stay flat.
soak: setup bench-build
	target/release/bench soak $(if $(SOAK_REQUESTS),--requests $(SOAK_REQUESTS))

bench-build:
	$(CARGO) build --release $(PACKAGES) -p bench

# Searches for hostile input, FUZZ_SECONDS for each target (60), or only for FUZZ_TARGET.
fuzz:
	tools/fuzz.sh

# All recorded requests under valgrind; `make test` takes a sample of them.
memcheck: setup
	MEMCHECK=1 $(CARGO) test -p module-tests --test main memcheck -- --nocapture

fmt:
	$(CARGO) fmt --all

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps

# Dependencies by deny.toml, known vulnerabilities included: needs cargo-deny and the network.
deny:
	@command -v cargo-deny >/dev/null || { echo "deny: cargo install --locked cargo-deny" >&2; exit 1; }
	$(CARGO) deny check

# The modules that `make` has built go where httpd looks for them, the tool to PREFIX: root builds
# nothing. Nothing is switched on, either: that is the site's decision.
install:
	@for module in $(MODULES); do \
	    [ -e target/modules/mod_$$module.so ] || { echo "install: run make first, as yourself" >&2; exit 1; }; \
	done
	install -d "$(DESTDIR)$$($(APXS) -q LIBEXECDIR)"
	install -m 644 $(MODULES:%=target/modules/mod_%.so) "$(DESTDIR)$$($(APXS) -q LIBEXECDIR)"
	@[ -e target/release/mb ] || { echo "install: run make first, as yourself" >&2; exit 1; }
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/share/man/man1" \
	    "$(DESTDIR)$(PREFIX)/share/bash-completion/completions"
	install -m 755 target/release/mb "$(DESTDIR)$(PREFIX)/bin/mb"
	install -d "$(DESTDIR)$(PREFIX)/share/mirrorbrain/listing"
	install -m 644 share/robots.txt "$(DESTDIR)$(PREFIX)/share/mirrorbrain"
	install -m 644 share/listing/* "$(DESTDIR)$(PREFIX)/share/mirrorbrain/listing"
	target/release/mb man "$(DESTDIR)$(PREFIX)/share/man/man1"
	target/release/mb completions bash > "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/mb"

clean:
	$(CARGO) clean
