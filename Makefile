# `make run` and `make test` do all their own set-up. PERSONS, RATE and RUN_FOR in the environment reach `mainstem run`.
.DEFAULT_GOAL := help
.PHONY: help setup run test bench soak mutants lint clean stack-up stack-down

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## System packages, Python environment, Java parts; nothing to do a second time
	@deploy/setup.sh

run: setup ## Start servers, synthetic trusts and Mainstem; stays in the foreground until Ctrl-C (or RUN_FOR seconds)
	@.venv/bin/mainstem run

lint: setup ## Style and import rules
	@echo "lint: ruff"
	@.venv/bin/ruff check .
	@echo "lint: imports"
	@.venv/bin/lint-imports

test: setup ## Lint, then every test but the slow ones
	@echo "test: ruff, imports"
	@.venv/bin/ruff check .
	@.venv/bin/lint-imports
	@echo "test: pytest"
	@.venv/bin/python -m pytest -m "not slow"

bench: setup ## What Mainstem costs and how it compares: about twenty minutes; EVENTS, RUNS, RATES, FOR, PARTS, OUT shorten or divide it
	@.venv/bin/python -m deploy.bench

soak: setup ## 50,000 changes while every process and the broker are killed, then the proof
	@.venv/bin/python -m pytest -s -m slow tests/end_to_end/test_soak.py

mutants: setup ## Change the reconcile rules line by line: do their tests notice? Long; M="mainstem.kinds.allergy*" for a part
	@.venv/bin/mutmut run $(M); .venv/bin/mutmut results

stack-up: setup ## Start the servers alone
	@.venv/bin/mainstem stack up

stack-down: ## Stop the servers
	@.venv/bin/mainstem stack down

clean: ## Stop the servers, and remove .mainstem (data, state, fetched parts) and .venv
	@if [ -x .venv/bin/mainstem ]; then .venv/bin/mainstem stack down; fi
	@rm -rf .mainstem .venv
	@echo "clean: removed .mainstem and .venv"
