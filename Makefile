# Everything runs in .venv. `make setup PYTHON=python3.11` picks the Python that it is made with.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# A worker per core, each with a database of its own; a file's tests share what they set up. Unordered, the
# long files of tests/app begin first, so that no worker waits for one of them at the end.
WORKERS := --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder
CANDIDATES := $(if $(PYTHON),$(PYTHON),python3 python3.12 python3.11 python3.10)

IS_SUPPORTED := import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))
NO_PYTHON := No Python 3.10, 3.11 or 3.12 in "$(CANDIDATES)": install one, or name it with PYTHON=.
NO_VENV := This Python cannot make a virtual environment: on Debian and Ubuntu, apt install python3-venv.

.PHONY: help setup demo test lint bench clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## Install the package, its tools and a MongoDB into .venv

demo: $(READY) ## Label real photos and open them in the FiftyOne App (ARGS=--no-app: only label)
	@$(BIN)/fiftyone-autolabel install
	@$(BIN)/fiftyone-autolabel demo $(ARGS)

test: $(READY) ## Run the tests (ARGS="-k name": some of them)
	@$(BIN)/pytest $(WORKERS) $(ARGS)

lint: $(READY) ## Check style, formatting and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@mkdir -p $(VENV)/typing && ln -sfn "$(CURDIR)" $(VENV)/typing/fiftyone_autolabel
	@MYPYPATH=$(VENV)/typing $(BIN)/mypy

bench: $(READY) ## Measure labels and encoder (ARGS="FOLDER ...": on folders of class folders)
	@$(BIN)/python benchmarks/labelling.py $(ARGS)
	@$(BIN)/python benchmarks/offline_encoder.py $(ARGS)

clean: ## Remove everything that these targets made
	rm -rf $(VENV) .cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/pip:
	@for python in $(CANDIDATES); do \
		"$$python" -c '$(IS_SUPPORTED)' 2>/dev/null || continue; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || { echo '$(NO_VENV)' >&2; exit 1; }; \
		exec "$$python" -m venv $(VENV); \
	done; echo '$(NO_PYTHON)' >&2; exit 1

$(READY): pyproject.toml constraints.txt | $(BIN)/pip
	$(BIN)/pip install --constraint constraints.txt --editable '.[dev]'
	$(BIN)/pip install --constraint constraints.txt --no-deps ultralytics # its OpenCV would replace FiftyOne's
	@$(BIN)/fiftyone-autolabel install --database-only
	@touch $@
