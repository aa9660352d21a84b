# What a newcomer may want to do; `make` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help
help: ## List what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# One environment for running, the same with tools for testing; a stamp per lock file.
.venv/.run: requirements.lock pyproject.toml
	$(PYTHON) scripts/environment.py .venv requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml
	$(PYTHON) scripts/environment.py .venv requirements-dev.lock
	@touch .venv/.run $@

.PHONY: setup
setup: .venv/.run ## Create .venv with the command synpunkt

.PHONY: setup-dev
setup-dev: .venv/.dev ## The same, with what tests and checks need

.PHONY: demo
demo: setup ## Show the whole road on this machine, with invented mails
	$(BIN)/synpunkt demo $(DEMO)

.PHONY: servers
servers: ## Install the real servers that the tests drive (Debian or Ubuntu, as root)
	@scripts/servers.sh

.venv-synapse/.made: requirements-synapse.lock
	$(PYTHON) scripts/environment.py .venv-synapse requirements-synapse.lock
	@touch $@

.PHONY: synapse
synapse: .venv-synapse/.made ## Install the Matrix server that the tests drive, in an environment of its own

# What is fetched waits for others, and mypy takes one core: they go side by side, each with its words together.
.PHONY: test
test: ## Everything: checks and the whole suite on SQLite and PostgreSQL
	@$(MAKE) --no-print-directory -j 4 -O setup-dev servers synapse check
	$(BIN)/pytest -n auto --dist loadgroup --no-loadscope-reorder

.PHONY: check
check: check-style check-types check-rooms check-known ## Style, types, who may know whom, and what is known against what we use

.PHONY: check-style
check-style: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: check-types
check-types: setup-dev
	$(BIN)/mypy

.PHONY: check-rooms
check-rooms: setup-dev
	$(BIN)/lint-imports

.PHONY: check-known
check-known: setup-dev
	$(BIN)/python scripts/audit.py requirements-dev.lock

.PHONY: sbom
sbom: setup-dev ## List what the service is made of: dist/synpunkt.cdx.json (CycloneDX)
	$(BIN)/python scripts/sbom.py dist/synpunkt.cdx.json

.PHONY: fuzz
fuzz: setup-dev ## Attack every parser of what comes from outside, a minute each (Linux)
	$(BIN)/python -m tests.fuzz --all --seconds 60

.PHONY: bench
bench: setup-dev ## Measure on this machine; nothing is asserted
	$(BIN)/python -m tests.bench

.venv-tuning/.made: requirements-tuning.lock pyproject.toml
	$(PYTHON) scripts/environment.py .venv-tuning requirements-tuning.lock
	@touch $@

.PHONY: tuning
tuning: .venv-tuning/.made ## Make the model full anew from the corpus: .run/models/full (an hour on two cores)
	.venv-tuning/bin/python -m classifier.tuning .run/models/full

.PHONY: letters
letters: setup-dev ## Write every letter in every language to one page
	@mkdir -p .run
	$(BIN)/python -m templates .run/letters.html --markdown docs/letters.md
	@echo "open .run/letters.html"

.PHONY: screenshots
screenshots: setup-dev ## Take pictures of the pages into docs/screenshots
	$(BIN)/python -m tests.screenshots docs/screenshots

.PHONY: lock
lock: ## Pin the dependencies anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev pyproject.toml -o requirements-dev.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra tuning pyproject.toml -o requirements-tuning.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements-synapse.in -o requirements-synapse.lock

.PHONY: clean
clean: ## Remove what can be made again
	rm -rf .venv .venv-tuning .venv-synapse .run .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist
