# `make` lists what there is. PYTHON=python3.12 builds the environment with another Python.

PYTHON ?= python3
VENV ?= .venv
# A file's tests stay in one process and in their order: those with a browser come last.
PYTEST_ARGS ?= -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder
LAB_ARGS ?=

VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
BIN := $(VENV)/bin
# venv itself makes this link: it is missing where the environment is, or is of another version.
INTERPRETER := $(BIN)/python$(VERSION)
INSTALLED := $(VENV)/.installed-$(VERSION)
MEASURABLE := $(VENV)/.measurable-$(VERSION)
# Whatever of the front end changes, the package is installed again, which builds it.
FRONTEND := $(shell find frontend \( -name node_modules -o -name lib -o -name .yarn \) -prune -o -type f -print)
PIP := $(BIN)/python -m pip --disable-pip-version-check
EXECUTE := HF_HUB_OFFLINE=1 $(BIN)/jupyter nbconvert --execute --ExecutePreprocessor.record_timing=False
# Without these two scripts the page asks nothing of the network.
ALONE := --embed-images --HTMLExporter.require_js_url= --HTMLExporter.mathjax_url=

.DEFAULT_GOAL := help
.PHONY: help demo test lint format lab notebooks screenshots benchmark peers constraints clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

$(INTERPRETER):
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) install --upgrade "pip>=25.1"

$(INSTALLED): pyproject.toml constraints.txt $(FRONTEND) | $(INTERPRETER)
	$(PIP) install --constraint constraints.txt --editable . --group dev
	@touch $@

# The notebooks run on copies, in an empty folder, so that every run starts from nothing.
demo: $(INSTALLED) ## run the quickstart notebook and leave it as a page with its pictures
	rm -rf build/demo
	mkdir -p build/demo
	cp notebooks/01_quickstart.ipynb build/demo/
	$(EXECUTE) --to html $(ALONE) --output-dir build build/demo/01_quickstart.ipynb
	@echo "The quickstart, executed: file://$(abspath build/01_quickstart.html)"

# The tests of tests/ui need a Chromium; without one they are skipped, and pytest says so.
test: lint ## check and test everything
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(INSTALLED) ## check style, types and the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED) ## format the code and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lab: $(INSTALLED) ## open JupyterLab on the tutorials
	$(BIN)/jupyter lab $(LAB_ARGS) notebooks

# Without the models of this machine, so that everybody's outputs are the same.
notebooks: $(INSTALLED) ## execute the committed tutorials again, with their outputs
	rm -rf build/notebooks
	mkdir -p build/notebooks
	cp notebooks/*.ipynb build/notebooks/
	HF_HOME=$(abspath build)/no-models $(EXECUTE) --to notebook --inplace build/notebooks/*.ipynb
	cp build/notebooks/*.ipynb notebooks/

screenshots: $(INSTALLED) ## take the pictures of the documentation anew, with a Chromium
	HF_HUB_OFFLINE=1 $(BIN)/python tests/ui/screenshots.py docs/images

$(MEASURABLE): $(INSTALLED)
	$(PIP) install --constraint constraints.txt --group benchmark
	@touch $@

benchmark: $(MEASURABLE) ## measure against the floor and the peers (half an hour)
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/store.py
	$(BIN)/python benchmarks/ingest.py
	$(BIN)/python benchmarks/panel.py
	$(BIN)/python benchmarks/scale.py --parts 10000,100000

# The environments of the peers, 8 GB, are made on first use.
peers: $(MEASURABLE) ## measure beside four peers (a quarter of an hour)
	$(BIN)/python benchmarks/peers_right.py
	$(BIN)/python benchmarks/peers.py

# torch is named so that pip takes its CPU build where there is one.
constraints: ## resolve all dependencies anew and pin them in constraints.txt
	$(PYTHON) -m venv --clear build/constraints
	build/constraints/bin/python -m pip install --upgrade "pip>=25.1"
	build/constraints/bin/python -m pip install torch==2.13.0 --editable . --group dev --group benchmark
	{ sed -n '/^#/p' constraints.txt; build/constraints/bin/python -m pip freeze --all --exclude pip --exclude-editable \
		| sed 's/+.*//' | LC_ALL=C sort --ignore-case; } > build/constraints.txt
	mv build/constraints.txt constraints.txt
	rm -rf build/constraints

clean: ## remove everything that was made
	rm -rf frontend/node_modules frontend/lib frontend/.yarn mmrag_jupyter/labextension mmrag_jupyter/widgets/static
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
