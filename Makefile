# Run `make` for a list of what can be done.
PYTHON ?= python3
VENV ?= .venv
IN_VENV := $(VENV)/bin/python
SOURCES := $(shell find csrc simstudio -name '*.[ch]' -o -name '*.def' -o -name '*.py') setup.py pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help demo test clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

demo: $(VENV)/.built ## build, start the local Sim server, run real calls against it
	$(IN_VENV) examples/demo.py

test: $(VENV)/.built $(VENV)/.pure ## run the tests
	scripts/test-tools.sh
	$(IN_VENV) -m pytest -q tests

clean: ## remove what was built
	rm -rf build dist $(VENV) .venv-* *.egg-info simstudio/*.so

$(VENV)/.ready: tests/requirements.txt
	scripts/system-packages.sh
	$(PYTHON) -m venv $(VENV)
	$(IN_VENV) -m pip install -q --disable-pip-version-check -r tests/requirements.txt
	touch $@

# The pure-Python SDK, beside ours, for the differential test; which is skipped without it.
$(VENV)/.pure: $(VENV)/.ready tests/differential/requirements.txt
	rm -rf $(VENV)/pure-sdk
	$(IN_VENV) -m pip install -q --disable-pip-version-check --target $(VENV)/pure-sdk \
		-r tests/differential/requirements.txt && touch $@ || \
		echo "The pure-Python SDK could not be installed: the differential test is skipped." >&2

$(VENV)/.built: $(VENV)/.ready $(SOURCES)
	$(IN_VENV) -m pip install -q --disable-pip-version-check --no-build-isolation -e .
	touch $@

include scripts/checks.mk
include scripts/core.mk
include scripts/release.mk
include benchmarks/bench.mk
