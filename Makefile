# What a newcomer runs: `make demo`, `make test`. Everything is installed into .venv, from the locked requirements.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV := $(shell command -v uv 2>/dev/null)

# uv then trusts whom the machine trusts, as pip does: there are networks with a certificate authority of their own.
export UV_NATIVE_TLS = 1
export UV_SYSTEM_CERTS = 1

.DEFAULT_GOAL := help
.PHONY: help install demo run test test-slow lint types imports migrations-check lock clean

help: ## Show these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

install: $(STAMP) ## Make the virtual environment and install everything into it

$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Crossfade needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 1; }
ifneq ($(UV),)
	test -x $(BIN)/python || uv venv --quiet --python $(PYTHON) $(VENV)
	uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	uv pip install --quiet --python $(BIN)/python --no-deps -e .
else
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
endif
	@touch $(STAMP)

demo: $(STAMP) ## Run the whole system on sample data, without any account
	@$(BIN)/crossfade demo

run: $(STAMP) ## Run the bot with the settings of .env
	@$(BIN)/crossfade run

lint: $(STAMP) ## Check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP) ## Check the types of both packages
	$(BIN)/mypy

imports: $(STAMP) ## Check the rules between packages
	$(BIN)/lint-imports

# Tests run side by side: threads of one would only take the cores from the others.
test test-slow: export OMP_NUM_THREADS = 1
test test-slow: export OMP_THREAD_LIMIT = 1
test test-slow: export OPENBLAS_NUM_THREADS = 1

test: lint types imports $(STAMP) ## Check everything and run the tests (the Alembic checks are among them)
	$(BIN)/pytest -n 3 --dist loadfile -m "not slow and not browser"
	$(BIN)/pytest -m "browser and not slow"

test-slow: $(STAMP) ## Run the tests that take long
	$(BIN)/pytest -m slow

lock: ## Renew requirements.lock from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --generate-hashes --all-extras --upgrade pyproject.toml -o requirements.lock

clean: ## Remove what the tools leave behind, and the virtual environment
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
