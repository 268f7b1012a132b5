# One runner for everything. `make` alone lists the commands; each works on a fresh machine with Python 3.11 and make.

VENV    := .venv
BIN     := $(VENV)/bin
WORKERS ?= 2
ARGS    ?=
N       ?= 30

# The stamp's name carries a checksum, so that a changed lock installs again and an unchanged one does nothing.
STAMP   := $(VENV)/.installed-$(shell cat requirements.lock pyproject.toml | cksum | tr ' ' '-')

# What decides whether an interpreter will do; used for the system's and for the environment's own.
ENOUGH  := import sys; sys.exit(sys.version_info < (3, 11))

LOCKING := pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
           --no-emit-index-url --no-annotate --no-header --quiet $(UPGRADE)

.DEFAULT_GOAL := help
.PHONY: help venv demo up test faults bench check format contracts lock clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

venv: $(STAMP) ## Make .venv from the hashed lock (nothing global)

demo: $(STAMP) ## Run one whole year of the county on embedded servers, results in out/demo/
	$(BIN)/grants demo $(ARGS)

up: $(STAMP) ## Keep the same system running for use by hand; prints addresses and a token per role
	$(BIN)/grants up $(ARGS)

test: $(STAMP) ## Run the whole suite but the benchmarks (ARGS="-k words" for a part)
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

faults: $(STAMP) ## Run the fault tests with N seeded schedules (N=1000)
	GRANTS_TEST_FAULTS=$(N) $(BIN)/python -m pytest -n $(WORKERS) --timeout=0 tests/faults $(ARGS)

bench: $(STAMP) ## Measure against the alternatives, figures in out/bench.json
	$(BIN)/python -m tests.bench $(ARGS)

check: $(STAMP) ## Lint, format, strict types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## Format the code and mend what the linter can mend by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

contracts: $(STAMP) ## Write the published schemas, AsyncAPI and OpenAPI documents anew
	$(BIN)/grants contracts

lock: ## Resolve the dependencies into both locks (UPGRADE=--upgrade for newer versions)
	@$(find-python); \
	folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	"$$python" -m venv "$$folder" && "$$folder/bin/pip" install --quiet uv || exit 1; \
	"$$folder/bin/uv" $(LOCKING) --extra embedded --extra dev -o requirements.lock && \
	"$$folder/bin/uv" $(LOCKING) -c requirements.lock --extra build -o deploy/requirements.lock && \
	echo "requirements.lock and deploy/requirements.lock are up to date"

clean: ## Remove what the commands made, the environment too
	rm -rf $(VENV) out build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find schemas services deploy tests -name __pycache__ -type d -prune -exec rm -rf {} +

define find-python
python=; \
for candidate in python3.11 python3 python; do \
  if command -v $$candidate >/dev/null 2>&1 && $$candidate -c '$(ENOUGH)' >/dev/null 2>&1; then python=$$candidate; break; fi; \
done; \
if [ -z "$$python" ]; then \
  echo "grant-ledger needs Python 3.11 or newer. Found here: $$( (python3 --version) 2>/dev/null || echo no python3)." >&2; \
  echo "Install it (on Debian: apt-get install python3.11 python3.11-venv) and run make again." >&2; \
  exit 1; \
fi
endef

$(STAMP):
	@if ! $(BIN)/python -c '$(ENOUGH)' >/dev/null 2>&1; then \
	  $(find-python); \
	  echo "Making $(VENV) with $$($$python --version)"; \
	  "$$python" -m venv --clear $(VENV) || { \
	    echo "Python's venv module did not work (on Debian: apt-get install python3-venv)." >&2; exit 1; }; \
	fi
	@echo "Installing the locked packages into $(VENV) (a minute or two the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.installed-*
	@touch $@
