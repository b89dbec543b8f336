# Everything sets itself up: `make demo` and `make test` need Python 3.11 or newer, pip and make.
# PYTHON=/path/to/python chooses the interpreter, WORKERS=4 the number of test processes.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?=
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DOCS_STAMP := $(VENV)/.installed-docs

# The first of these that runs and is new enough; a name on the PATH may be a shim that fails.
CANDIDATES := python3.13 python3.12 python3.11 python3 python3.14 python
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

# Build environments are pinned too: the first variable is read by pip before 25.3, the second since.
PIP_INSTALL := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
	PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet

.PHONY: help
help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

.PHONY: setup
setup: $(STAMP)  ## Make the virtual environment .venv and install the pinned packages

.PHONY: demo
demo: $(STAMP)  ## Fit, score and sample a flow on a real table; results in demo-output/
	$(BIN)/fluvial demo

.PHONY: test
test: $(STAMP)  ## Run the tests; ARGS="tests/flows -k maf" chooses some
	$(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=worksteal $(ARGS)

.PHONY: lint
lint: $(STAMP)  ## Run the linter and check the formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: format
format: $(STAMP)  ## Format the code and fix what the linter can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: types
types: $(STAMP)  ## Check the types
	$(BIN)/pyright

.PHONY: check
check: lint types test docs-smoke  ## Everything that .ci/run runs

.PHONY: bench
bench: $(STAMP)  ## Time Fluvial against its peers; ARGS="W1 W6 --rounds 3" chooses
	$(BIN)/python -m benchmarks.speed $(ARGS)

.PHONY: bench-density
bench-density: $(STAMP)  ## Compare Fluvial's held-out densities with its peers'
	$(BIN)/python -m benchmarks.density $(ARGS)

.PHONY: bench-anomaly
bench-anomaly: $(STAMP)  ## Compare how well Fluvial and its peers rank the rows of real tables
	$(BIN)/python -m benchmarks.anomaly.ranking $(ARGS)

.PHONY: bench-limits
bench-limits: $(STAMP)  ## Measure memory, rows a second, limits of time and awkward columns
	$(BIN)/python -m benchmarks.limits $(ARGS)

# The pages of the gallery are written anew, so that every tutorial runs at every build.
SPHINX := $(BIN)/python -m sphinx --fail-on-warning --keep-going --fresh-env --quiet --builder html

.PHONY: docs
docs: $(DOCS_STAMP)  ## Build the documentation into docs/_build/html, tutorials executed
	rm -rf docs/auto_tutorials
	$(SPHINX) docs docs/_build/html

.PHONY: docs-smoke
docs-smoke: $(DOCS_STAMP)  ## Build pages and reference without executing the tutorials
	rm -rf docs/auto_tutorials
	$(SPHINX) --define plot_gallery=0 docs docs/_build/smoke
	rm -rf docs/auto_tutorials

.PHONY: study
study: $(STAMP)  ## Measure claims of introductions to flows; ARGS="depth --full" chooses
	$(BIN)/python -m benchmarks.studies $(ARGS)

.PHONY: clean
clean:  ## Remove outputs and caches; the virtual environment stays
	rm -rf demo-output dist build .pytest_cache .ruff_cache .hypothesis .jax_cache
	rm -rf docs/_build docs/api docs/auto_tutorials
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the packages of constraints.txt into $(VENV); the first time takes minutes"
	$(PIP_INSTALL) --editable '.[dev]'
	@touch $@

$(DOCS_STAMP): $(STAMP)
	@echo "Installing what builds the documentation into $(VENV)"
	$(PIP_INSTALL) --editable '.[dev,docs]'
	@touch $@

# A Python without ensurepip (Debian's without python3-venv) gets pip from the pip outside.
$(BIN)/python:
	@set -e; found=""; \
	for python in $(if $(PYTHON),"$(PYTHON)",$(CANDIDATES)); do \
	  if "$$python" -c '$(NEW_ENOUGH)' >/dev/null 2>&1; then found="$$python"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Fluvial needs Python 3.11 or newer; none of these is one that runs:" \
	    "$(or $(PYTHON),$(CANDIDATES))." >&2; \
	  echo "Install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$found" --version)"; \
	"$$found" -m venv $(VENV) >/dev/null 2>&1 || { \
	  "$$found" -m venv --clear --without-pip $(VENV) && \
	  "$$found" -m pip --python $(BIN)/python install --quiet pip; \
	} || { rm -rf $(VENV); echo "$$found can make no virtual environment:" \
	    "install its venv module (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
