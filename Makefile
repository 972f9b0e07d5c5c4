# The commands of this repository; CI runs these and no others. CONTRIBUTING.md explains them.

CARGO ?= cargo
# How long `make fuzz` gives each target.
FUZZ_SECONDS ?= 60

.PHONY: test lint bench counts peers stall scale docs fuzz archive

## Unit, property, integration and documentation tests. What they read Substorm's output with (Python
## and JavaScript packages, for Chromium among others) is installed below target/ first.
test:
	tests/tools/install.sh
	$(CARGO) test --locked --no-fail-fast

## Format and lints, of tests and benches too; a warning fails.
lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings

## Benchmarks, on a machine that does nothing else.
bench:
	$(CARGO) bench --locked

## System calls and instructions of a request; above the limits it fails. Needs valgrind, strace, nginx.
counts:
	CARGO=$(CARGO) benches/counts/run.sh --no-peers

## Substorm beside the load generators that are installed. Needs nginx; takes minutes.
peers:
	benches/peers/run.sh

## Whether the reported times are those of a server whose delays are known.
stall:
	benches/stall/run.sh

## Whether more cores carry more requests. Needs nginx.
scale:
	benches/scale/run.sh

## API documentation; a broken link fails.
docs:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items

## Each fuzz target for FUZZ_SECONDS.
fuzz:
	fuzz/run $(FUZZ_SECONDS)

## The archive of a release for this machine, below target/dist.
archive:
	deploy/archive.sh
