# What attacks the code beside its tests. Read by the Makefile.
.PHONY: lint format

lint: $(VENV)/.analysis ## static checks: compilers, clang-tidy, cppcheck, ruff, mypy, format
	scripts/lint.sh $(IN_VENV)

format: $(VENV)/.analysis ## format the C code, sort the Python imports
	$(VENV)/bin/clang-format -i $$(find csrc tests -name '*.[ch]')
	$(VENV)/bin/ruff check --quiet --fix-only --select I .

$(VENV)/.analysis: $(VENV)/.ready tests/lint-requirements.txt
	scripts/analysis-packages.sh
	$(IN_VENV) -m pip install -q --disable-pip-version-check -r tests/lint-requirements.txt
	touch $@
