# convcore: `make train` and `make test` work on a fresh machine with Python 3.11 or newer, make and a C compiler.
# Everything is installed into VENV and nothing outside of it is touched; stamp files make a second run start at once.

VENV ?= .venv
PEERS ?= $(VENV)-peers
KERAS ?= $(VENV)-keras
recent = $(if $(shell $(1) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null),$(1))
PYTHON ?= $(or $(call recent,python3),$(call recent,python3.14),$(call recent,python3.13),$(call recent,python3.12),\
	$(call recent,python3.11),$(call recent,python))
ARGS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
ENGINE := $(wildcard src/*.* src/*/*.*)
C_FILES := $(filter %.c %.h,$(ENGINE))
CYTHON_FILES := $(filter %.pyx %.pxd %.pxi,$(ENGINE))

.DEFAULT_GOAL := help
.PHONY: help dev test lint format train bench bench-check bench-peers bench-peers-ops peers-keras docs dist clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+):.*## /\1	/' | expand -t 14

dev: $(VENV)/.dev ## make the environment: convcore, editable, and the tools
	@echo "Ready: $(BIN)/python, $(BIN)/convcore. After an edit in src/: make dev, or python setup.py build_ext --inplace"

train: $(VENV)/.built ## build convcore and train the seed net on MNIST; ARGS='--epochs 1' goes to `convcore train`
	@$(BIN)/convcore train $(ARGS)

test: $(VENV)/.dev ## run all tests; ARGS='tests/ops -x' goes to pytest
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.dev ## ruff, cython-lint, clang-format, mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PATH="$(BIN):$$PATH" cython-lint $(CYTHON_FILES)
	$(BIN)/clang-format --dry-run -Werror $(C_FILES)
	$(BIN)/mypy

format: $(VENV)/.dev ## put Python and C into the project's form
	$(BIN)/ruff check --fix --exit-zero --quiet .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(C_FILES)

bench: $(VENV)/.dev ## measure ops and model, with the share of this machine's peak; ARGS='-k conv2' goes to pytest
	$(BIN)/python bench/peak.py
	$(BIN)/python -m pytest bench --benchmark-only --benchmark-columns=min,median,iqr,rounds --benchmark-sort=name $(ARGS)

bench-check: $(VENV)/.dev ## measure, and name what is slower than in BASE, a file of ARGS='--benchmark-json FILE'; THRESHOLD=1.15
	@test -f "$(BASE)" || { echo "make bench-check BASE=file.json: BASE is what to compare with, from make bench ARGS='--benchmark-json file.json'."; exit 2; }
	@mkdir -p .benchmarks
	$(BIN)/python -m pytest bench --benchmark-only --benchmark-quiet --benchmark-json=.benchmarks/check.json $(ARGS)
	$(BIN)/python bench/check.py $(if $(THRESHOLD),--threshold $(THRESHOLD)) $(BASE) .benchmarks/check.json

bench-peers: $(VENV)/.built $(PEERS)/.made ## the same work in convcore and eight others, in turn; ARGS='--svg docs/peers.svg'
	PYTHONPATH=. $(PEERS)/bin/python bench/peers.py $(ARGS)

bench-peers-ops: $(VENV)/.built $(PEERS)/.made ## single ops in convcore and PyTorch, in turn, worst first; ARGS='--only pool --cpu'
	PYTHONPATH=. $(PEERS)/bin/python -m bench.peers_ops $(ARGS)

peers-keras: $(VENV)/.built $(KERAS)/.made ## Keras's own tests over convcore; their counts go into the README, or with ARGS=--check are compared with it
	PYTHONPATH=. $(KERAS)/bin/python tests/peers/keras/run.py $(ARGS)

docs: $(VENV)/.dev ## write the API reference to docs/api
	$(PIP) 'convcore[docs]'
	$(BIN)/pdoc --docformat numpy --output-directory docs/api convcore

dist: $(VENV)/.dev ## build and check the sdist and the wheel in dist/
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	$(BIN)/python .ci/check_dist.py dist

clean: ## remove what was built, and the environments
	rm -rf $(VENV) $(PEERS) $(KERAS) build dist docs/api *.egg-info .benchmarks .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find convcore tests bench .ci -name __pycache__ -prune -exec rm -rf {} +
	find convcore -name '_native*.so' -delete

# The environment. pip's own isolation is off: the compiler sees the Cython of this environment, so that a rebuild
# needs no network and lint, build and debugger agree on the version.

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "convcore needs Python 3.11 or newer, and there is none on the PATH: install it, or say where it is with make PYTHON=/path/to/python3."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "convcore needs Python 3.11 or newer, and $(PYTHON) is not: name another with make PYTHON=/path/to/python3."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments: install its venv module (on Debian and Ubuntu the package python3-venv)."; exit 1; }
	@$(PYTHON) -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' || { echo "$(PYTHON) has no header files: install them (on Debian and Ubuntu the package python3-dev)."; exit 1; }
	@command -v "$${CC:-cc}" >/dev/null || command -v gcc >/dev/null || command -v clang >/dev/null || { echo "convcore needs a C compiler, and there is none on the PATH: install gcc or clang, or name yours in CC."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.built: $(VENV)/.made pyproject.toml setup.py $(ENGINE)
	$(PIP) $$($(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"])')
	$(PIP) --no-build-isolation --editable '.[data]'
	@touch $@

# convcore itself is installed by now, so naming it with an extra adds the packages of that extra and builds nothing.
$(VENV)/.dev: pyproject.toml | $(VENV)/.built
	$(PIP) 'convcore[dev]'
	@touch $@

$(PEERS)/.made: bench/peers.txt bench/install_peers.py | $(VENV)/.made
	$(BIN)/python -m venv $(PEERS)
	$(PEERS)/bin/python bench/install_peers.py
	@touch $@

$(KERAS)/.made: tests/peers/keras/requirements.txt | $(VENV)/.made
	$(BIN)/python -m venv $(KERAS)
	$(KERAS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@
