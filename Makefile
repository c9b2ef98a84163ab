# The environment lives in .venv; every target sets up what it needs. Start with `make run`.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready

SEEDS ?= 10000

.PHONY: run test check bench fuzz damage simulate simulate-mutants crash-points chaos golden properties fmt lock clean
.DEFAULT_GOAL := run

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, found " + sys.version.split()[0])'
	@echo "setting up .venv (once)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: $(STAMP)  ## set up and trade the demo day
	@$(BIN)/alchemiser run --profile demo

test: $(STAMP)  ## set up and pass every test
	@$(BIN)/python -m pytest -q

check: $(STAMP)  ## ruff, mypy --strict, import-linter, pytest
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q

bench: $(STAMP)  ## measure, as ratios against a baseline in the same run
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.evaluator
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.book
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.ensemble
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.process
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.engine
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.lake

fuzz: $(STAMP)  ## try the language with 1,100,000 broken texts; ARGS='--mutated 1000' for fewer
	@PYTHONPATH=tests $(BIN)/python -m fuzz.run $(ARGS)

damage: $(STAMP)  ## break the bars of every symbol in 28 ways; kill 50 refreshes
	@ALCHEMISER_DAMAGE=all ALCHEMISER_KILLS=50 $(BIN)/python -m pytest -q tests/simulation/test_damaged_bars.py tests/simulation/test_killed_refresh.py

simulate: $(STAMP)  ## live through SEEDS=10000 faulty days; ARGS='--seed 7 --trace' shows one
	@PYTHONPATH=tests $(BIN)/python -m dst.run --seeds $(SEEDS) $(ARGS)

simulate-mutants: $(STAMP)  ## check that the simulation finds every fault it should; ARGS='--only gate' for some
	@PYTHONPATH=tests $(BIN)/python -m dst.mutants $(ARGS)

crash-points: $(STAMP)  ## die at every call of 100 days, and at every pair of two small ones
	@PYTHONPATH=tests $(BIN)/python -m dst.crash_points $(ARGS)

chaos: $(STAMP)  ## kill real processes 1,000 times on SQLite and 1,000 on PostgreSQL; ARGS='--sqlite 50 --postgres 50' for fewer
	@PYTHONPATH=tests $(BIN)/python -m chaos.run $(ARGS)

properties: $(STAMP)  ## hold planner and gate to their promises, 1,000,000 random cases each; ARGS='--cases 1000' for fewer
	@PYTHONPATH=tests $(BIN)/python -m cases.run $(ARGS)

golden: $(STAMP)  ## trade every golden day on SQLite and PostgreSQL; ARGS=--write after orders were changed on purpose
	@PYTHONPATH=tests $(BIN)/python -m golden.days $(ARGS)

.PHONY: mutants
mutants: $(STAMP)  ## damage the code that moves money, fault by fault; ARGS='domain.execution.gate' for one module
	@PYTHONHASHSEED=0 PYTHONPATH=tests:. nice -n 19 $(BIN)/python -m mutation.run $(ARGS)

fmt: $(STAMP)  ## format and mend what ruff can
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock: $(STAMP)  ## pin every dependency by hash, no index addresses
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group dev --output-file requirements/dev.txt pyproject.toml
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --output-file requirements/runtime.txt pyproject.toml

clean:  ## remove the environment and the demo's records
	@rm -rf .venv var/demo
