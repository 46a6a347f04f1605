# `make run` and `make test` do all their own set-up. PERSONS, RATE and RUN_FOR in the environment reach `mainstem run`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.PHONY: help setup run compile test tests-pure tests-servers tests-platform bench soak chaos fuzz slow mutants lint clean stack-up stack-down

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## System packages, Python environment, Java parts; nothing to do a second time
	@deploy/setup.sh

run: setup ## Start servers, synthetic trusts and Mainstem; stays in the foreground until Ctrl-C (or RUN_FOR seconds)
	@.venv/bin/mainstem run

compile: setup ## Machine code of the core, which is faster; needs gcc and Python's headers
	@.venv/bin/mainstem compile

lint: setup ## Style, import rules and types
	@echo "lint: ruff"
	@.venv/bin/ruff check .
	@echo "lint: imports"
	@.venv/bin/lint-imports
	@echo "lint: types"
	@.venv/bin/mypy

test: setup lint ## Lint, then every test but the slow ones, in three processes: those with servers wait more than they work
	@$(MAKE) --no-print-directory -j3 tests-platform tests-servers tests-pure
	@echo "test: all passed"

tests-pure:
	@$(call tests,pure,-m "not slow and not stack")

tests-servers:
	@$(call tests,servers,-v -m "not slow and stack" $(STAGES))

# The end-to-end tests are done in half the time that all others with servers take: these are parted.
STAGES = tests/cli tests/deploy tests/processors
tests-platform:
	@$(call tests,platform,-v -m "not slow" tests/end_to_end)
	@$(call tests,stores,-v -m "not slow and stack" --ignore tests/end_to_end $(addprefix --ignore ,$(STAGES)))

# Servers that live for minutes gain nothing by Java's second compiler, and it takes half of their processor time.
tests = JDK_JAVA_OPTIONS=-XX:TieredStopAtLevel=1 .venv/bin/python -m pytest --durations 12 --durations-min 5 $(2) 2>&1 | sed -u 's/^/$(1): /'

bench: setup ## What Mainstem costs and how it compares: about twenty minutes; EVENTS, RUNS, RATES, FOR, PARTS, OUT shorten or divide it
	@.venv/bin/python -m deploy.bench

soak: setup ## CHANGES=2000000 in the trusts, and whether the memory of every process stays flat: table and picture in .mainstem/bench
	@PARTS=soak APPEND=1 .venv/bin/python -m deploy.bench

chaos: setup ## Kill, pause, fence, fill and cut everything under load for FOR=3600 seconds, then prove it; SEED=N to have it again
	@.venv/bin/mainstem chaos --for $(or $(FOR),3600) $(if $(SEED),--seed $(SEED))

fuzz: setup ## Every property on other examples, ROUNDS=10 times over; T=tests/processors/identity for a part
	@for round in $$(seq $(or $(ROUNDS),10)); do echo "fuzz: round $$round"; \
	  .venv/bin/python -m pytest -q --hypothesis-profile=fuzz -m "hypothesis and not slow and not stack" $(T) || exit 1; done

slow: setup ## The tests that `make test` leaves out, for an hour or two: figures at full size, rates, a million entries; T=tests/matching for a part
	@.venv/bin/python -m pytest -s -m slow --durations 0 $(T)

mutants: setup ## Change the reconcile rules line by line: do their tests notice? Long; M="mainstem.kinds.allergy*" for a part
	@.venv/bin/python -m tests.mutants run $(M); .venv/bin/python -m tests.mutants results

stack-up: setup ## Start the servers alone
	@.venv/bin/mainstem stack up

stack-down: ## Stop the servers
	@.venv/bin/mainstem stack down

clean: ## Stop the servers, and remove .mainstem (data, state, fetched parts) and .venv
	@if [ -x .venv/bin/mainstem ]; then .venv/bin/mainstem stack down; fi
	@rm -rf .mainstem .venv
	@echo "clean: removed .mainstem and .venv"
