# What attacks the C code from inside: sanitizers and failing allocations. Read by the Makefile.
.PHONY: core-test

core-test: ## the C tests of the core, under the address and undefined-behaviour sanitizers
	scripts/system-packages.sh
	$(MAKE) -s -C tests/core run
