# Everything sets itself up in .venv: `make run` and `make test` need only Python 3.11 and make.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test crash check lock bench clean

run: $(VENV)/.installed
	@echo "Starting Tramontane…"
	@$(BIN)/tramontane serve || [ $$? -eq 130 ]  # stopped by Ctrl+C

test: $(VENV)/.tested
	@$(BIN)/python -m pytest -ra

# Ends the program at every point that matters, again during recovery, at random, and on failing
# disks, which takes long. `make test` does a hundred and sixty of its kills.
crash: $(VENV)/.tested
	@$(BIN)/python -m tests.crash --sabotages --disk 1

check: $(VENV)/.tested
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

$(VENV)/.installed: requirements.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Tramontane needs $(PYTHON): install Python 3.11, or say which one to use: make PYTHON=python3 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing into $(VENV): about a minute, once."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes -r requirements.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed tests/requirements.txt
	@echo "Installing what the tests need."
	@$(PIP) --require-hashes -r tests/requirements.txt
	@touch $@

# The locks name versions and hashes, and no index: pip takes the packages from wherever it is set up to.
LOCK := uv pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-annotate
lock:
	$(PYTHON) -m pip install --quiet --target $(VENV)/uv uv
	PATH=$(VENV)/uv/bin:$$PATH $(LOCK) pyproject.toml --group build -o requirements.txt
	PATH=$(VENV)/uv/bin:$$PATH $(LOCK) -c requirements.txt --group dev -o tests/requirements.txt

bench: $(VENV)/.tested
	@$(BIN)/python -m bench.filings

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache
