BIN ?= .venv/bin
SHARED ?= ../shared
.PHONY: setup check test proof docs bench peers truth

setup: ## a virtual environment with everything that the other targets use
	python3 -m venv .venv
	.venv/bin/pip install --quiet --editable '.[dev]'

check: ## format, lint, types, architecture, fresh docs and records
	$(BIN)/ruff format --check . && $(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/build.py --check
	$(BIN)/python bench/truth.py check --shared $(SHARED)

test: ## the whole suite
	$(BIN)/python -m pytest

proof: ## only the fixtures that run on the real frameworks
	$(BIN)/python -m pytest tests/test_proofs.py

docs: ## the pages that derive from rules and fixtures
	$(BIN)/python docs/build.py

bench: ## CPU as a multiple of ast.parse, on pinned packages
	$(BIN)/python bench/ratio.py

peers: ## txlint beside other tools, a quarter of an hour: make peers PEERS=DIR (made by bench/peers.py --install DIR)
	$(BIN)/python bench/peers.py --peers $(PEERS) --plot docs/peers.svg
	$(BIN)/python bench/peers.py --own
	$(BIN)/python bench/instructions.py

truth: ## measure what is too slow for each change, record it in docs/truth/: make truth [ONLY=NAMES] [CHANGED=1] [MIRRORS=DIR] [PACKAGES=DIR] [VENVS=DIR]
	$(BIN)/python bench/truth.py run $(ONLY) $(if $(CHANGED),--changed) --shared $(SHARED) $(if $(MIRRORS),--mirrors $(MIRRORS)) $(if $(PACKAGES),--packages $(PACKAGES)) $(if $(VENVS),--venvs $(VENVS))
