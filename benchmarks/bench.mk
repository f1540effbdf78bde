# What is measured, beside what, and the measuring. Included by the Makefile.
.PHONY: bench bench-quick

BENCH := $(abspath build/bench)
BENCH_READY := $(BENCH)/peers/.ready $(BENCH)/source/.ready $(BENCH)/load \
	$(BENCH)/limit-source $(BENCH)/decoder-source/.ready
# The parts of a wheel that are measured by themselves, where the libraries could be built.
WHEEL_READY := $(BENCH)/wheel/.ready $(BENCH)/limit-wheel $(BENCH)/decoder-wheel/.ready
NEW_VENV = rm -rf $(@D) && $(PYTHON) -m venv $(@D) && $(@D)/bin/pip install -q --disable-pip-version-check
OF_WHEEL = PKG_CONFIG_PATH= PKG_CONFIG_LIBDIR=$(LIBRARIES)/lib/pkgconfig pkg-config --static
C_FLAGS := -std=c11 -D_GNU_SOURCE -O2
PARTS := benchmarks/decoder.c csrc/python/decode.c $(patsubst %,csrc/core/%.c,json escapes arena buffer clock memory status text)
AS_MODULE = -fPIC -shared -fvisibility=hidden -Icsrc $$($(PYTHON) -c "import sysconfig; \
	print('-I' + sysconfig.get_path('include'), '-o $(@D)/decoder' + sysconfig.get_config_var('EXT_SUFFIX'))")

bench: $(BENCH_READY) ## measure everything, the wheel's build too, and print the table (STRICT=--strict)
	@$(MAKE) -s $(WHEEL_READY) || echo "No wheel could be built here: the source build alone." >&2
	BENCH=$(BENCH) $(PYTHON) benchmarks/run.py $(STRICT)

bench-quick: $(BENCH_READY) ## a look in two minutes: fewer rounds, and the wheel only if it was measured before
	BENCH=$(BENCH) $(PYTHON) benchmarks/run.py --quick $(STRICT)

$(BENCH)/.tools:
	scripts/system-packages.sh
	scripts/apt-tools.sh nginx:nginx-light openssl:openssl valgrind:valgrind
	@mkdir -p $(@D)
	touch $@

$(BENCH)/peers/.ready: benchmarks/requirements.txt | $(BENCH)/.tools
	$(NEW_VENV) -r $<
	touch $@

$(BENCH)/source/.ready: $(SOURCES) | $(BENCH)/.tools
	$(NEW_VENV) .
	touch $@

$(BENCH)/load: benchmarks/load.c | $(BENCH)/.tools
	$(CC) $(C_FLAGS) -o $@ $< -ldl

$(BENCH)/limit-source: benchmarks/limit.c | $(BENCH)/.tools
	$(CC) $(C_FLAGS) -o $@ $< $$(pkg-config --cflags --libs libcurl libcjson)

$(BENCH)/decoder-source/.ready: $(PARTS) $(SOURCES) | $(BENCH)/.tools
	@mkdir -p $(@D)
	$(CC) $(C_FLAGS) $(PARTS) $(AS_MODULE) $$(pkg-config --cflags --libs libcjson) -lpthread
	touch $@

# The wheel as a release has it, of this one Python.
$(BENCH)/wheel/.ready: $(SOURCES) $(VENV)/.release
	scripts/build-libraries.sh $(LIBRARIES)
	rm -rf $(BENCH)/dist
	$(IN_VENV) -m build --sdist --quiet --outdir $(BENCH)/dist .
	$(IN_VENV) scripts/build_wheels.py $(BENCH)/dist/*.tar.gz $(LIBRARIES) $(BENCH)/dist $(PYTHON)
	$(NEW_VENV) $(BENCH)/dist/*.whl
	touch $@

$(BENCH)/limit-wheel: benchmarks/limit.c $(BENCH)/wheel/.ready
	$(CC) $(C_FLAGS) -o $@ $< $$($(OF_WHEEL) --cflags --libs libcurl libcjson)

$(BENCH)/decoder-wheel/.ready: $(PARTS) $(BENCH)/wheel/.ready
	@mkdir -p $(@D)
	$(CC) $(C_FLAGS) -DSIM_PRIVATE_CJSON $(PARTS) $(AS_MODULE) $$($(OF_WHEEL) --cflags --libs libcjson) \
		-Wl,--exclude-libs,ALL -lpthread
	touch $@
