# make run    audits data_samples and prints the page to open
# make test   runs every check and every test
# Both first make the environment in .venv, with the packages and hashes of requirements.lock, and nothing else.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The first of these that is 3.11 or newer; name another with `make run PYTHON=/opt/python/bin/python3.12`.
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
export DO_NOT_TRACK := 1

.PHONY: run test check tests lock readme clean
.DEFAULT_GOAL := run

run: $(STAMP)
	@$(BIN)/nightrounds demo

test: check tests

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --cache-dir build/.import_linter_cache
	$(BIN)/sqlfluff lint --disable-progress-bar --processes 0 sql rules reports

# Two workers suit two cores; `loadfile` keeps a module's shared fixtures (the Prefect server is one) in one process.
tests: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadfile

# A changed lock or pyproject.toml installs again; without a change nothing runs. The lock is given as constraints too: older
# pips would otherwise look beyond it for what is asked with an extra, such as sqlalchemy[asyncio].
$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "nightrounds needs Python 3.11 or newer, and there is none$(if $(PYTHON), at $(PYTHON), on the PATH)." \
		"Install one, or name it: make run PYTHON=/path/to/python3" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments." \
		"Install its venv module (Debian, Ubuntu: apt install python3-venv) and try again." >&2; exit 2; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing the locked packages into $(VENV) (about a minute, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock -c requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

# For maintainers, with uv: one lock for every platform and every Python from 3.11 on. Pins stay as they are where
# pyproject.toml allows; delete requirements.lock first to take the newest of everything.
lock:
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
		--quiet --custom-compile-command "make lock" -o requirements.lock

# The table of the guideline in README.md, from rules/*/guideline.toml.
readme: $(STAMP)
	@$(BIN)/python -m nightrounds.readme

clean:
	rm -rf build $(VENV)
