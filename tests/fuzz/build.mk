# Builds the harnesses: make -f tests/fuzz/build.mk OUT=build/fuzz/replay PYTHON=.venv/bin/python
# ENGINE=replay links replay.c (any compiler), ENGINE=libfuzzer needs clang. UNITS names a few.
ENGINE ?= replay
OUT ?= build/fuzz/$(ENGINE)
PYTHON ?= python3
PLAIN := sse frames base64 retry times url redirect proxy head unread exchange
WITH_PYTHON := json client
UNITS ?= $(PLAIN) $(WITH_PYTHON)

# Every finding ends the program.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
ifeq ($(ENGINE),libfuzzer)
CC := clang
SANITIZE += -fsanitize=fuzzer-no-link
LINK := -fsanitize=fuzzer
else
LINK := $(OUT)/tests/fuzz/replay.o
endif

LIBRARIES := libcurl libcjson
FLAGS := -std=c11 -D_GNU_SOURCE -DSIMSTUDIO_VERSION='"0"' -Icsrc -g -O1 -Wall -Wextra -Wshadow \
    -Werror -MMD -MP $(SANITIZE) $(shell pkg-config --cflags $(LIBRARIES))
LIBS := $(shell pkg-config --libs $(LIBRARIES)) -lm -lpthread

# Asked for only where a unit needs it.
EMBED = $(shell $(PYTHON) tests/fuzz/embed_flags.py $(1))
embed_compile = $(eval embed_compile := $$(call EMBED,compile))$(embed_compile)
embed_link = $(eval embed_link := $$(call EMBED,link))$(embed_link)

object = $(patsubst %.c,$(OUT)/%.o,$(1))
CORE := $(call object,$(wildcard csrc/core/*.c))
BINDING := $(call object,$(wildcard csrc/python/*.c))
WIRE := $(call object,tests/fuzz/wire.c)
harness = $(call object,tests/fuzz/fuzz_$(1).c)

.PHONY: all units
.SECONDARY:
all: $(UNITS:%=$(OUT)/%)

units: # what there is
	@echo $(PLAIN) $(WITH_PYTHON)

$(OUT)/exchange $(OUT)/client: $(WIRE)
ifneq ($(ENGINE),libfuzzer)
$(UNITS:%=$(OUT)/%): $(LINK)
endif

$(PLAIN:%=$(OUT)/%) $(OUT)/self: $(OUT)/%: $(OUT)/tests/fuzz/fuzz_%.o $(CORE)
	$(CC) $(SANITIZE) -o $@ $(sort $(filter %.o,$^)) $(filter-out %.o,$(LINK)) $(LIBS)

$(WITH_PYTHON:%=$(OUT)/%): $(OUT)/%: $(OUT)/tests/fuzz/fuzz_%.o $(CORE) $(BINDING)
	$(CC) $(SANITIZE) -o $@ $(sort $(filter %.o,$^)) $(filter-out %.o,$(LINK)) $(LIBS) $(embed_link)

$(BINDING) $(foreach unit,$(WITH_PYTHON),$(call harness,$(unit))): extra = $(embed_compile)
$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(extra) -c -o $@ $<

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
