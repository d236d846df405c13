# The front door: needs only Python 3.11+ (with venv), pip and make.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
BENCH ?= --install
VENV := .venv
BIN := $(VENV)/bin
export MIGKG_RELEASES ?= $(CURDIR)/build/releases

.DEFAULT_GOAL := help
.PHONY: help run build test check format bench bench-build data messages screenshots clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# The bundles of the pages' scripts are made apart, so that the pages are served where that cannot be done.
$(VENV)/run $(VENV)/dev: export MIGKG_WITHOUT_FRONTEND = 1

$(VENV)/run: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/dev: $(VENV)/run
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

run: $(VENV)/run ## set up, build the release if the files changed, and serve it (HOST=, PORT=)
	@$(BIN)/python frontend/build.py || true
	@$(BIN)/migkg serve --host $(HOST) --port $(PORT)

build: $(VENV)/run ## check the files and compile them into a release
	$(BIN)/migkg build

# Tests check the compose file with docker-compose, the dumps with rapper, the pages with Chromium and publishing with
# Virtuoso where they are; CI gets all from Debian.
.PHONY: tools
tools:
ifdef CI
	-@{ command -v docker-compose && command -v rapper && command -v chromium && command -v virtuoso-t && \
	  command -v nginx; } >/dev/null || { \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends docker-compose raptor2-utils chromium \
	  virtuoso-opensource-7-bin nginx; } >/dev/null 2>&1
endif

test: $(VENV)/dev tools ## set up and run all tests
	@$(BIN)/python frontend/build.py
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

check: $(VENV)/dev ## lint, types, layers, and the project's own files
	$(BIN)/ruff format --check src tests benchmarks frontend tools hatch_build.py
	$(BIN)/ruff check src tests benchmarks frontend tools hatch_build.py
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/migkg format --check
	$(BIN)/migkg check

bench: $(VENV)/run ## measure against other systems, which are downloaded (BENCH= changes the options)
	$(BIN)/migkg bench $(BENCH)

bench-build: $(VENV)/dev ## measure releases of up to 10 million triples, and the gate (12 GB of disk)
	$(BIN)/python -m benchmarks.build $(BENCH_BUILD)

format: $(VENV)/dev ## write code and data in their canonical form
	$(BIN)/ruff format src tests benchmarks frontend tools hatch_build.py
	$(BIN)/ruff check --fix src tests benchmarks frontend tools hatch_build.py
	$(BIN)/migkg format

LOCALE := src/migkg/web/locale
messages: $(VENV)/dev ## bring the words of the interface into the catalogues that translators fill in
	$(BIN)/pybabel -q extract -F pyproject.toml -k translatable --add-location=file --sort-by-file --no-wrap \
	  --omit-header -o $(LOCALE)/messages.pot src/migkg
	for file in $(LOCALE)/*.po; do $(BIN)/pybabel -q update -i $(LOCALE)/messages.pot -o $$file \
	  -l $$(basename $$file .po) --no-fuzzy-matching --ignore-obsolete --no-wrap --ignore-pot-creation-date \
	  && sed -i '/EMAIL@ADDRESS/d' $$file; done

OUTPUT ?= build/screenshots
screenshots: $(VENV)/dev ## pictures of every type of page of a running service (PORT=, OUTPUT=)
	$(BIN)/python -m tests.browser.screenshots --url http://127.0.0.1:$(PORT) --output $(OUTPUT)

clean: ## remove all that can be made again
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
