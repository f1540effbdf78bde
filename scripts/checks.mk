# What attacks the code beside its tests. Read by the Makefile.
.PHONY: lint format fuzz

# What make fuzz spends on each unit; UNITS names some of them.
SECONDS ?= 60
UNITS ?=

lint: $(VENV)/.analysis ## static checks: compilers, clang-tidy, cppcheck, ruff, mypy, format
	scripts/lint.sh $(IN_VENV)

format: $(VENV)/.analysis ## format the C code, sort the Python imports
	$(VENV)/bin/clang-format -i $$(find csrc tests -name '*.[ch]')
	$(VENV)/bin/ruff check --quiet --fix-only --select I .

fuzz: $(VENV)/.analysis ## fuzz what reads foreign bytes, each of UNITS= for SECONDS= (60)
	scripts/fuzz.sh $(IN_VENV) $(SECONDS) $(UNITS)

$(VENV)/.analysis: $(VENV)/.ready tests/lint-requirements.txt
	scripts/analysis-packages.sh
	$(IN_VENV) -m pip install -q --disable-pip-version-check -r tests/lint-requirements.txt
	touch $@
