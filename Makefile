# `make compare` and `make test` set up .venv by themselves, at most once, and do the work.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Any target may be the first that a fresh clone runs; what is in place stays.
READY := $(VENV)/.ready
READY_LINT := $(VENV)/.ready-lint
READY_DEV := $(VENV)/.ready-dev
READY_DOCS := $(VENV)/.ready-docs
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: compare test test-fast versions coverage mutants lint docs tutorials clean
.DEFAULT_GOAL := compare

compare: $(READY)  ## Run the quick race and write its page under runs/
	$(BIN)/spikeoff compare $(ARGS)

# Two processes, since most tests keep one core busy at most.
PYTEST := $(BIN)/python -m pytest --numprocesses 2
ALONE := not cluster and not browser and not reference and not gpu
QUICK := not slow and $(ALONE)

test: $(READY_DEV)  ## Run all tests
	$(PYTEST) --dist worksteal $(ARGS)

test-fast: $(READY_DEV)  ## Run the tests that take no seconds and need no other program
	$(PYTEST) --dist worksteal -m '$(QUICK)' $(ARGS)

versions:  ## Run a part of the fast tests with the oldest and the newest dependencies of PYTHON
	$(PYTHON) -m tests.versions $(PYTHON) oldest $(ARGS)
	$(PYTHON) -m tests.versions $(PYTHON) newest $(ARGS)

# Lines of kernels are seen only where they run as Python; their integers wrap around on purpose.
# So a training of every contender with the compiler off is measured too.
COVERAGE := $(BIN)/python -m coverage
coverage: $(READY_DEV)  ## Report which lines of the package the tests run that need no other program
	$(COVERAGE) erase
	$(COVERAGE) run -m pytest --numprocesses 2 --dist worksteal -m '$(ALONE)' $(ARGS)
	NUMBA_DISABLE_JIT=1 $(COVERAGE) run -m pytest \
		-W 'ignore:overflow encountered:RuntimeWarning' tests/kernels/test_in_python.py
	$(COVERAGE) combine --quiet
	$(COVERAGE) report

mutants: $(READY_DEV)  ## Change the source in one place after another; do the tests notice?
	$(BIN)/python -m tests.mutation $(ARGS)

lint: $(READY_LINT)  ## Style, types, import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(READY_DOCS)  ## Build the documentation into site/, without network
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet $(ARGS)

tutorials: $(READY_DEV)  ## Execute the notebooks of docs/tutorials/, and store what they show
	folder=$$(mktemp -d) && cp docs/tutorials/*.ipynb $$folder && \
		$(BIN)/python -m nbconvert --to notebook --execute --inplace \
			--ExecutePreprocessor.record_timing=False $$folder/*.ipynb && \
		cp $$folder/*.ipynb docs/tutorials && rm -r $$folder

clean:  ## Remove the virtual environment and what tools left
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache site

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	touch $@

$(READY_LINT): $(READY)
	$(PIP) --editable '.[dev,search]'
	touch $@

$(READY_DEV): $(READY)
	$(PIP) --editable '.[brian2,browser,cluster,docs,mlflow,mutation,neurobench,nir,notebooks,nwb,onnx,parquet,peers,search,storage,tensorboard,tensorflow,test,dev]'
	touch $@

$(READY_DOCS): $(READY)
	$(PIP) --editable '.[docs]'
	touch $@
