# What attacks the C code from inside: sanitizers and failing allocations, and coverage. Included by the Makefile.
.PHONY: core-test torture coverage

core-test: ## the C tests of the core, under the address and undefined-behaviour sanitizers
	scripts/system-packages.sh
	$(MAKE) -s -C tests/core run

torture: $(VENV)/.ready ## refuse every allocation in turn: the core's, libcurl's, cJSON's, CPython's for us
	$(MAKE) -s -C tests/core run
	scripts/torture.sh $(IN_VENV) build/torture
	FLAGS="-DSIM_PRIVATE_CJSON -O1 -fsanitize=address,undefined -fno-sanitize-recover=all" \
	    scripts/torture.sh $(IN_VENV) build/torture-asan

coverage: $(VENV)/.built $(VENV)/.pure ## which lines of csrc and simstudio the tests run, in one table
	scripts/test-tools.sh
	$(IN_VENV) -m pip install -q --disable-pip-version-check 'coverage>=7.10'
	scripts/coverage.sh $(IN_VENV)
