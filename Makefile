# Everything that is done with a checkout of portwright. `make` alone lists the targets.
# make setup ROOTLESS=1      unpack the Rust set in the cache folder instead of installing it
# make setup PYTHON=python3  the Python to make .venv with
# make test TESTS=tests/base further words for pytest

PYTHON ?=
ROOTLESS ?=
TESTS ?=
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
BIN := .venv/bin
PORT ?= x86_64-unknown-veridian

.DEFAULT_GOAL := help
.PHONY: help venv setup setup-all demo test lint bench docs results conformance crates docs-check e2e lock clean

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

venv:
	@PYTHON='$(PYTHON)' tools/bootstrap.sh

setup: venv ## .venv with locked dependencies, and a Rust toolchain with std's sources
	@$(BIN)/portwright setup $(if $(ROOTLESS),--rootless)

setup-all: venv ## the same and the tools that tests and benchmarks compare with
	@$(BIN)/portwright setup --all $(if $(ROOTLESS),--rootless)

demo: setup ## Rust programs that use std, on VeridianOS's ABI, from its description alone
	@$(BIN)/portwright up $(PORT)

test: setup lint ## the law, types, lint, and every test
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m 'not e2e' -rfEs $(TESTS)

lint: venv ## ruff and mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: setup ## compare with named rivals on the same work; writes bench.json
	@$(BIN)/python -m benchmarks

docs: venv ## write the generated pages of docs/ anew, and check every link
	@$(BIN)/python tools/docs.py

results: setup ## run every bundled port on each engine; write the README's table and demo from what was seen
	@$(BIN)/python tools/results.py
	@$(BIN)/python tools/docs.py

conformance: setup ## Rust's own tests on every bundled port, in every way; writes docs/results/conformance*
	@$(BIN)/python tools/conformance.py
	@$(BIN)/python tools/docs.py

crates: setup ## popular crates with their own tests on two ports; writes docs/results/crates
	@$(BIN)/python tools/crates.py
	@$(BIN)/python tools/docs.py

docs-check: venv
	@$(BIN)/python tools/docs.py --check

e2e: setup ## the long end-to-end runs
	@$(BIN)/python -m pytest -m e2e -rfEs $(TESTS)

lock: ## write requirements.lock anew (needs uv)
	@tools/lock.sh

clean: ## all that was built here; not the user's cache
	rm -rf .venv build dist bench.json .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
