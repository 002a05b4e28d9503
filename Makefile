# The words of daily work; CI uses the same ones. Needs Python >= 3.11 and make, nothing else: the first use makes .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --no-input --disable-pip-version-check
RINGS := $(wildcard tests/unit tests/packs tests/property tests/differential tests/integration tests/acceptance)
LONGEST_FIRST := --no-loadscope-reorder $(wildcard tests/acceptance tests/integration tests/property tests/differential tests/packs tests/unit)
WORKERS ?= 2
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url

export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup run test test-full test-again packs bench fmt lint types locks clean

help:
	@echo 'make run        start the collector with demo customers on 127.0.0.1 (data in ./var)'
	@echo 'make test       all rings that need no system package and no running server'
	@echo 'make test-full  the rest: net-snmp, swaks, kill -9, the built wheel; minutes'
	@echo 'make packs      the tests inside the rule packs'
	@echo 'make bench      one table of figures, beside snmptrapd and Postfix; six minutes, a quiet machine'
	@echo 'make fmt | lint | types | setup | locks | clean'

setup: $(VENV)/dev.stamp

run: $(VENV)/run.stamp
	@deploy/demo/run

test: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m 'not full' $(RINGS)

test-full: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m full $(LONGEST_FIRST)

# What failed last, alone.
test-again: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest -n 0 -m full --last-failed --last-failed-no-failures none $(RINGS)

packs: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest tests/packs

bench: $(VENV)/dev.stamp
	@$(BIN)/python -m tests.benchmarks $(BENCH)

fmt: $(VENV)/dev.stamp
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: $(VENV)/dev.stamp
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(VENV)/dev.stamp
	@$(BIN)/mypy

# Needs uv. Run it after a change of the dependencies in pyproject.toml.
locks:
	@$(LOCK) pyproject.toml --output-file requirements.lock
	@$(LOCK) pyproject.toml --extra dev --constraint requirements.lock --output-file requirements-dev.lock
	@$(LOCK) requirements-build.in --constraint requirements-dev.lock --output-file requirements-build.lock

clean:
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "The collector needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# The project itself is installed without build isolation: its build backend comes from a lock as everything else does.
$(VENV)/run.stamp: requirements.lock requirements-build.lock pyproject.toml | $(BIN)/python
	@echo 'Installing what the collector needs into $(VENV) (once) ...'
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --require-hashes -r requirements-build.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp
	@echo 'Installing what the tests need into $(VENV) (once) ...'
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
