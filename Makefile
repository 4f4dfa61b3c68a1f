# The whole developer interface. Needs Python 3.11 or newer and make; everything else goes into .venv and .cache.
#   make demo [ARGS="--fresh"]   a fictional city on this machine, from the sensors to the findings
#   make test [ARGS="-k ingest"] the suite, on a real broker and real databases, and the golden vectors under the lowest NumPy
#   make check                   format, lint, types, import contracts
#   make bench                   the figures
SHELL := /bin/bash
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
UV := .cache/uv/bin/uv
READY := .venv/.synchronised
LOWEST := .cache/numpy-lowest/.installed

# Where a machine forbids Python to keep compiled modules, each of our many processes would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check bench lock clean
.DELETE_ON_ERROR:

# The leash ends the demo when make is killed; a command that is killed itself takes everything it started along anyway.
demo: $(READY)
	@exec $(BIN)/python -I -S src/heatstream/embedded/leash.py $$PPID 15 -- $(BIN)/heatstream demo $(ARGS)

# The lock holds the highest NumPy that pyproject.toml allows; what is frozen must come out the same under the lowest.
test: $(READY) $(LOWEST)
	$(BIN)/pytest -n 3 --dist worksteal $(ARGS)
	$(if $(ARGS),,PYTHONPATH=$(dir $(LOWEST)) $(BIN)/pytest -q tests/evidence/test_golden.py tests/core/test_golden_entitlement.py)

check: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/mypy docs/examples/platform/fill_and_follow.py
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m benchmarks all $(ARGS)

# Versions that still fit stay (ARGS=--upgrade finds them anew); the file keeps no address of any index.
lock: $(UV)
	@$(index); $(UV) pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet --output-file requirements.lock $(ARGS)

clean:
	rm -rf .venv .cache/uv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# uv reads no pip configuration, so what this machine's pip is told is passed on: its index, further ones, folders.
# pip takes the best version of all indexes, and so must uv; the hashes of the lock say what may come from any of them.
define index
	told() { $(UV:uv=pip) config list 2>/dev/null | sed -nE "s/^(global|install|:env:)\.$$1='(.*)'$$/\2/p" | tail -n 1 | tr '\n' ' '; }; \
	export UV_INDEX_STRATEGY=unsafe-best-match UV_PYTHON_DOWNLOADS=never; \
	[ -z "$$(told index-url)" ] || export UV_DEFAULT_INDEX=$${UV_DEFAULT_INDEX:-$$(told index-url)}; \
	[ -z "$$(told extra-index-url)" ] || export UV_INDEX=$${UV_INDEX:-$$(told extra-index-url)}; \
	[ -z "$$(told find-links)" ] || export UV_FIND_LINKS=$${UV_FIND_LINKS:-$$(told find-links | tr -s ' ' ',')}; \
	[ -z "$$(told cert)" ] || export SSL_CERT_FILE=$${SSL_CERT_FILE:-$$(told cert)}
endef

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "heatstream needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) --version 2>&1); try: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "this Python cannot make a virtual environment; on Debian or Ubuntu, as root: apt-get install python3-venv" >&2; exit 1; }
	@echo "getting uv, which installs everything else ..."
	@rm -rf .cache/uv && $(PYTHON) -m venv .cache/uv && .cache/uv/bin/pip install --quiet --disable-pip-version-check uv

$(READY): requirements.lock pyproject.toml $(UV)
	@echo "installing what requirements.lock names into .venv ..."
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv --without-pip .venv
	@$(index); set -e; export VIRTUAL_ENV=$$PWD/.venv; \
	  $(UV) pip sync --quiet --require-hashes requirements.lock; \
	  $(UV) pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(LOWEST): pyproject.toml $(READY)
	@rm -rf $(dir $(LOWEST))
	@$(index); $(UV) pip install --quiet --no-deps --python $(BIN)/python --target $(dir $(LOWEST)) \
	  "numpy==$$(sed -nE 's/.*"numpy>=([0-9.]+),.*/\1/p' pyproject.toml)"
	@touch $@
