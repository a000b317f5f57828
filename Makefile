# Everything a person does in this house starts here; `make help` lists it.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
BIN := .venv/bin
RUN := $(BIN)/python
ARGS ?=

.PHONY: help install services demo test lint types bench evaluate soak fuzz lock clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/.installed api/static/vendor/.installed ## make .venv/ from the hashed locks, fetch the map library and borders

services: install ## start a Kafka, a PostgreSQL and a Redis, print their addresses, stop them on Ctrl-C
	$(RUN) -m deploy.local up

demo: install ## start everything in one process with a small simulated world
	$(BIN)/tracewarden demo --data data/demo $(ARGS)

test: install lint types ## check everything, on a real Kafka, PostgreSQL, Redis and Chromium
	$(RUN) -m deploy.local install
	$(RUN) -m pytest --numprocesses 2 --dist loadgroup $(ARGS)

lint: install ## ruff, and the directions of imports
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo

types: install ## mypy, strict
	$(BIN)/mypy

evaluate: install ## measure detection on simulated worlds, and write the table of docs/detection.md
	$(RUN) -m bench.detection --write docs/detection.md $(ARGS)

bench: install ## measure speed and print it as ratios
	$(RUN) -m bench $(ARGS)

soak: install ## the full fault tests, which take long
	$(RUN) -m deploy.local install
	$(RUN) -m pytest -m soak --timeout 7200 $(ARGS)

FUZZ_S ?= 120

fuzz: install ## parsers guided by coverage for FUZZ_S seconds, then every property fifty times over
	$(RUN) -m tests.codes.fuzz_parsers -max_total_time=$(FUZZ_S) -timeout=10 -rss_limit_mb=2048
	$(RUN) -m pytest -m "hypothesis and not soak and not real_parts" --hypothesis-profile fuzz --timeout 3600 $(ARGS)

lock: install ## choose the newest allowed versions and write the locks again
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options \
		--output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --constraint requirements.lock \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options \
		--extra dev --output-file requirements-dev.lock pyproject.toml
	npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund

clean: ## remove what was built, downloaded or generated
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .services
	rm -rf build dist *.egg-info node_modules api/static/vendor
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A target below is a stamp: it is newer than what it was made from, or it is made again.

.venv/.installed: requirements-dev.lock pyproject.toml deploy/venv.sh
	sh deploy/venv.sh "$(PYTHON)"
	touch $@

api/static/vendor/.installed: package-lock.json package.json deploy/vendor.sh
	sh deploy/vendor.sh
	touch $@
