BIN ?= .venv/bin
SHARED ?= ../shared
.PHONY: setup check test proof docs bench truth

setup: ## a virtual environment with everything that the other targets use
	python3 -m venv .venv
	.venv/bin/pip install --quiet --editable '.[dev]'

check: ## format, lint, types, architecture, fresh docs
	$(BIN)/ruff format --check . && $(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/build.py --check

test: ## the whole suite
	$(BIN)/python -m pytest

proof: ## only the fixtures that run on the real frameworks
	$(BIN)/python -m pytest tests/test_proofs.py

docs: ## the pages that derive from rules and fixtures
	$(BIN)/python docs/build.py

bench: ## CPU as a multiple of ast.parse, on pinned packages
	$(BIN)/python bench/ratio.py

truth: ## recall on real fix commits, pairs and decoys of audited releases: make truth MIRRORS=DIR PACKAGES=DIR
	$(BIN)/python $(SHARED)/bench/score_cases.py $(SHARED)/bench/django_cases.jsonl --mirrors $(MIRRORS) --txlint $(abspath $(BIN))/txlint
	$(BIN)/python $(SHARED)/bench/score_golden.py $(SHARED)/bench/golden.jsonl $(SHARED)/bench/decoys.jsonl --packages $(PACKAGES) --txlint $(abspath $(BIN))/txlint
