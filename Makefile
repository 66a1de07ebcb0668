BIN ?= .venv/bin
.PHONY: setup check test proof

setup: ## a virtual environment with everything that the other targets use
	python3 -m venv .venv
	.venv/bin/pip install --quiet --editable '.[dev]'

check: ## format, lint, types, architecture
	$(BIN)/ruff format --check . && $(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: ## the whole suite
	$(BIN)/python -m pytest

proof: ## only the fixtures that run on the real frameworks
	$(BIN)/python -m pytest tests/test_proofs.py
