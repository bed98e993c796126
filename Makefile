# `make` alone lists what there is to make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SPREAD := --numprocesses auto --dist loadfile
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help sweep test test-system test-all lint bench chaos fuzz gallery docs browser clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-11s  %s\n", $$1, $$2}' Makefile

sweep: $(VENV)/.installed ## Run the first sweep: 41 learning rates from 82 starts, on the tutorial's data
	@$(BIN)/linreg-sweep run sweeps/learning_rate_by_start.yaml

test: $(VENV)/.installed-dev ## Run the quick tests: units, a sweep by each engine, one interruption
	@$(BIN)/python -m pytest $(SPREAD) -m "not system"

test-system: $(VENV)/.installed-dev browser ## Run the long tests: kills, clusters, disks, browser, fuzz, gallery, compilation
	@$(BIN)/python -m pytest $(SPREAD) -m system

test-all: $(VENV)/.installed-dev browser ## Run both, with branch coverage
	@$(BIN)/python -m pytest $(SPREAD) --cov --cov-report=term

lint: $(VENV)/.installed-dev ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(VENV)/.installed-bench ## Measure speed, scale and memory side by side with what people use
	@$(BIN)/python -m benchmarks

chaos: $(VENV)/.installed-dev ## Kill sweeps at random moments, here and on Dask, and see that nothing is lost
	@$(BIN)/python -m chaos

fuzz: $(VENV)/.installed-dev ## Feed 130,000 hostile configs, sweeps and data files; say what escaped, how slow, how large
	@$(BIN)/python -m fuzz

gallery: $(VENV)/.installed-dev ## Make the pages in docs that show what commands give, and their pictures
	@$(BIN)/python docs/make_gallery.py
	@$(BIN)/python docs/make_walkthrough.py
	@$(BIN)/python docs/make_fit.py
	@$(BIN)/python docs/make_training.py
	@$(BIN)/python docs/make_double_descent.py
	@$(BIN)/python docs/make_notebook.py
	@$(BIN)/python docs/make_report_picture.py

docs: $(VENV)/.installed-docs ## Build the site from docs and the code into site/, with all its links checked
	@$(BIN)/python docs/site/build.py site
	@echo "Open site/index.html"

# reports are tested in Debian's chromium; where it is not and cannot be installed those tests are skipped
browser:
	@command -v chromium > /dev/null \
	|| (test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq chromium) > /dev/null 2>&1 \
	|| echo "No chromium, so the tests in a browser will be skipped: apt-get install chromium" >&2

clean: ## Remove the environment and caches; results stay
	rm -rf $(VENV) build site *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis

# torch first and alone, so that pip takes the pinned build and looks for no other
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	@echo "Setting up $(VENV) (once; torch is a large download)" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) torch
	@$(PIP) --editable .
	@touch $@

$(VENV)/.installed-bench: $(VENV)/.installed
	@$(PIP) --editable '.[bench]'
	@touch $@

$(VENV)/.installed-docs: $(VENV)/.installed
	@$(PIP) --editable '.[docs]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@$(PIP) --editable '.[dev]'
	@touch $@
