# SPDX-License-Identifier: Apache-2.0
# Two commands from a fresh clone: `make demo` and `make test`. Both make .venv first; git, make and Python 3.11 suffice.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
SCREEN := $(shell command -v xvfb-run >/dev/null && echo 'env QT_QPA_PLATFORM=xcb xvfb-run -a -s "-screen 0 1600x1000x24"' || echo 'env QT_QPA_PLATFORM=offscreen')

# hundreds of processes are started, and none is to compile the sources anew
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint view soak bench clean

demo: $(READY)
	rm -rf demo
	$(BIN)/optinet sweep which_interconnect -o demo
	@echo "The runs are in demo/. 'make view' opens them in the desktop viewer."

# two processes, each with whole files of tests in the order of tests/conftest.py; a minute of random use of the viewer
# goes on beside them
test: lint
	@soaked=$$(mktemp); \
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m gui.soak --minutes 1 >$$soaked 2>&1 & soak=$$!; \
	$(SCREEN) $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0; tested=$$?; \
	wait $$soak; used=$$?; \
	echo "A minute of random use of the viewer:"; grep -v 'plugin does not support' $$soaked; rm -f $$soaked; \
	exit $$((tested + used))

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

view: $(READY)
	@test -d demo || { echo "There is no demo/ yet: run 'make demo' first."; exit 1; }
	$(BIN)/optinet view demo

bench: .venv/.bench-ready
	$(BIN)/python -m experiments.benchmarks -o docs

soak: $(READY)
	$(BIN)/python -m experiments.benchmarks.soak
	$(SCREEN) $(BIN)/python -m gui.soak --minutes 30

clean:
	rm -rf demo build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis

$(READY): pyproject.toml constraints.txt .ci/system-packages
	@PYTHON=$(PYTHON) .ci/system-packages
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "optinet needs Python 3.11 or newer and found $$($(PYTHON) --version 2>&1). Name one: make PYTHON=python3.11"; \
	    exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

.venv/.bench-ready: $(READY)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,bench]'
	@touch $@
