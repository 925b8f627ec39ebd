# make run: set up if needed, index the shipped corpus, serve the chat · make test: set up if needed, every test
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# uv finds local wheels where pip does (a CPU build of torch, say).
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
HOST ?= 127.0.0.1
PORT ?= 7860

.PHONY: run setup test check bench lock wheel clean

run: setup
	$(BIN)/xinwen serve --host $(HOST) --port $(PORT)

setup: $(VENV)/.installed

$(VENV)/.installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	touch $@

test: setup
	sh tests/prepare.sh
	$(BIN)/python -m pytest

check: setup
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python -m evals.bench

lock:
	$(BIN)/uv pip compile pyproject.toml --extra dev --python-version 3.11 -o requirements.lock
	# A local CPU build has a version suffix that no index knows.
	sed -i 's/^torch==\([0-9.]*\)+cpu/torch==\1/' requirements.lock

wheel: setup
	$(BIN)/uv build --wheel

clean:
	rm -rf $(VENV) build dist *.egg-info
