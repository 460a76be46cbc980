# Everything a checkout needs: `make demo` and `make test` set up their own environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH_STAMP := $(VENV)/.installed-bench
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help demo study-demo test slow explore lint types contracts docs pages wheel-test check bench clean

help:  ## Show what this Makefile can do
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 16

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "topograph needs Python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,docs]'
	touch $@

demo: $(STAMP)  ## Analyse the masks in examples/, a pruned LeNet-300-100 and a RadiX-Net; train one
	$(BIN)/topograph analyze examples/lenet-300-100-digits.npz
	$(BIN)/topograph analyze examples/radix-lenet.npz
	$(BIN)/topograph train examples/lenet-300-100-digits.npz --data digits --seeds 3

study-demo: $(STAMP)  ## A whole study on digits, from plan to report, in minutes
	$(BIN)/topograph study plan examples/studies/digits.toml --jobs 2
	$(BIN)/topograph study run examples/studies/digits.toml --jobs 2
	$(BIN)/topograph study ceiling examples/studies/digits.toml
	$(BIN)/topograph study report examples/studies/digits.toml --jobs 2

test: $(STAMP)  ## Run the whole test suite (no GPU, no network)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS)  # a worker a core: more threads collide

slow: $(STAMP)  ## Run the tests that take minutes or gigabytes
	$(BIN)/python -m pytest -m slow

explore: $(STAMP)  ## Run the laws on other random examples, more of them
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --hypothesis-profile explore

lint: $(STAMP)  ## Check format and style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP)  ## Check types
	$(BIN)/mypy

contracts: $(STAMP)  ## Check that imports run one way
	$(BIN)/lint-imports --no-cache

pages: $(STAMP)  ## Write the generated pages of the documentation
	$(BIN)/python docs/generate_pages.py

docs: $(STAMP)  ## Build the documentation; warnings are errors
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir site

wheel-test: $(STAMP)  ## Build the wheel and run the tests against it alone
	.ci/wheel-test

check: lint types contracts docs  ## Everything but the tests

$(BENCH_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	touch $@

bench: $(BENCH_STAMP)  ## Time the main jobs beside what a user would use instead
	$(BIN)/python tests/benchmarks/run.py
	$(BIN)/python tests/benchmarks/generators.py
	$(BIN)/python tests/benchmarks/training.py
	$(BIN)/python tests/benchmarks/sparse_layers.py
	$(BIN)/python tests/benchmarks/freed_memory.py
	OMP_NUM_THREADS=1 $(BIN)/python tests/benchmarks/proxies.py
	$(BIN)/python tests/benchmarks/false_accepts.py
	$(BIN)/python tests/benchmarks/flows.py
	OMP_NUM_THREADS=1 $(BIN)/python tests/benchmarks/statistics_limits.py
	$(BIN)/python tests/benchmarks/spectra.py
	$(BIN)/python tests/benchmarks/scale.py --quick
	$(BIN)/python tests/benchmarks/convolutions.py --quick

clean:  ## Remove the environment and everything built
	rm -rf $(VENV) .venv-wheel build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
