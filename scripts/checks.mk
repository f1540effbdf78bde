# The checks beside `make test`: static ones, the format, and the tests in other surroundings.
# Included by the Makefile.
.PHONY: lint check-types format fuzz sanitize tsan leaks soak \
	test-newest-libcurl test-all test-debug

# What make fuzz spends on each unit; UNITS names some of them; SEED=0 means other inputs each time.
SECONDS ?= 60
SEED ?= 0
UNITS ?=
# How many calls make soak makes.
CALLS ?= 100000

lint: $(VENV)/.analysis check-types ## static checks: compilers, clang-tidy, cppcheck, ruff, types, ...
	scripts/lint.sh $(IN_VENV)

check-types: $(VENV)/.built $(VENV)/.analysis ## types: stubtest, mypy, pyright
	$(IN_VENV) -m pytest -q tests/test_types.py

format: $(VENV)/.analysis ## format the C code, sort the Python imports
	$(VENV)/bin/clang-format -i $$(find csrc tests benchmarks -name '*.[ch]')
	$(VENV)/bin/ruff check --quiet --fix-only --select I .

fuzz: $(VENV)/.analysis ## fuzz what reads foreign bytes, each of UNITS= for SECONDS= (60)
	scripts/fuzz.sh $(IN_VENV) $(SECONDS) $(SEED) $(UNITS)

sanitize: $(VENV)/.ready ## the tests, those in C too, under Address-, Leak- and UBSanitizer
	scripts/sanitize.sh $(IN_VENV) address

# The tests in which threads meet in our code.
THREADED := client_object retry stream_life stream_threads subinterpreters threads

# In a child that a test forks, the parent's threads look like leaks, and a lock that is made anew
# like the one the parent held.
tsan: $(VENV)/.ready ## the tests of threads, and all in C, under ThreadSanitizer
	TSAN_OPTIONS=die_after_fork=0:report_thread_leaks=0:report_destroy_locked=0 $(MAKE) -s -C tests/core run SANITIZERS=-fsanitize=thread \
		OUT=$(CURDIR)/build/core-tsan
	scripts/sanitize.sh $(IN_VENV) thread $(THREADED:%=tests/test_%.py)

soak: $(VENV)/.built ## threads, faults and forks together for CALLS=100000 calls, memory flat
	$(IN_VENV) -W ignore::DeprecationWarning tests/soak/soak.py --calls $(CALLS)

leaks: ## the tests on a debug interpreter, which counts all references
	scripts/debug-interpreter.sh

test-newest-libcurl: $(VENV)/.ready $(VENV)/.pure ## the tests with the newest libcurl, which PyPI's pycurl carries
	scripts/newest-libcurl.sh $(IN_VENV)

test-all: ## the tests on every Python from 3.8 up that pyenv has
	scripts/test-all.sh

test-debug: $(VENV)/.built $(VENV)/.pure ## the tests under -X dev, with the debug hooks of the allocators
	PYTHONDEVMODE=1 PYTHONMALLOC=debug $(IN_VENV) -m pytest -q tests -W error::ResourceWarning \
		-W error::pytest.PytestUnraisableExceptionWarning

$(VENV)/.analysis: $(VENV)/.ready tests/lint-requirements.txt
	scripts/analysis-packages.sh
	$(IN_VENV) -m pip install -q --disable-pip-version-check -r tests/lint-requirements.txt
	touch $@
