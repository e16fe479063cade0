# `make compare` and `make test` set up .venv by themselves, at most once, and do the work.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Either target may be the first that a fresh clone runs; what is in place stays.
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: compare test lint clean
.DEFAULT_GOAL := compare

compare: $(READY)  ## Run the quick race and write its page under runs/
	$(BIN)/spikeoff compare $(ARGS)

# Two processes, a file's tests in one of them: most tests keep one core busy at most.
test: $(READY_DEV)  ## Run all tests
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(ARGS)

lint: $(READY_DEV)  ## Style, types, import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:  ## Remove the virtual environment and what tools left
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	touch $@

$(READY_DEV): $(READY)
	$(PIP) --editable '.[brian2,browser,cluster,neurobench,peers,search,storage,tensorflow,test,dev]'
	touch $@
