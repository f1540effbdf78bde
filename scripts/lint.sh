#!/bin/sh
# Static checks of the C and the Python code: scripts/lint.sh PYTHON. Every finding is an error.
# The Python is that of an environment with tests/lint-requirements.txt installed.
set -eu
cd "$(dirname "$0")/.."
python=$1
tools=$(dirname "$python")
include=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')

# Split into words below, so no flag may contain a space.
# shellcheck disable=SC2089
flags="-std=c11 -D_GNU_SOURCE -Icsrc -isystem $include -DSIMSTUDIO_VERSION=\"0\"
    $(pkg-config --cflags libcurl libcjson)"
warnings="-Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wundef -Wvla -Wwrite-strings
    -Wformat=2 -Wpointer-arith -Wcast-align -Werror"
sources=$(find csrc -name '*.c' | sort)
beside=$(find tests benchmarks -name '*.c' | sort)
c_files=$(find csrc tests benchmarks -name '*.[ch]' | sort)
jobs=$(getconf _NPROCESSORS_ONLN)

echo "shellcheck"
shellcheck .ci/run scripts/*.sh tests/packaging/*.sh

each() { # each COMMAND...: once for every source, in place of {}, several at a time
    # shellcheck disable=SC2086
    printf '%s\n' $sources | xargs -P "$jobs" -I {} "$@"
}

echo "clang-format"
# shellcheck disable=SC2086
"$tools/clang-format" --dry-run -Werror $c_files

echo "gcc, with -fanalyzer"
# shellcheck disable=SC2086,SC2090
each gcc $flags $warnings -O2 -fanalyzer -fdiagnostics-plain-output -c -o /dev/null {}

echo "gcc, the tests and benchmarks"
# There, formats of dates are in a table.
# shellcheck disable=SC2086,SC2090
printf '%s\n' $beside | xargs -P "$jobs" -I {} gcc $flags $warnings -Wno-format-nonliteral \
    -DSIM_MEMORY_FAULTS -DFUZZ_PYTHON=\"\" -fsyntax-only {}

echo "clang"
# shellcheck disable=SC2086,SC2090
each clang $flags $warnings -O2 -fsyntax-only {}

echo "gcc and clang, as in a wheel"
# shellcheck disable=SC2086,SC2090
gcc $flags $warnings -DSIM_PRIVATE_CJSON -O2 -fanalyzer -fdiagnostics-plain-output -c -o /dev/null csrc/core/json.c
# shellcheck disable=SC2086,SC2090
clang $flags $warnings -DSIM_PRIVATE_CJSON -O2 -fsyntax-only csrc/core/json.c

echo "clang-tidy"
# shellcheck disable=SC2086,SC2090
each clang-tidy --quiet {} -- $flags 2>/dev/null

echo "cppcheck"
cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -j "$jobs" -Icsrc \
    --enable=warning,style,performance,portability --inconclusive \
    --suppressions-list=scripts/cppcheck-exceptions.txt \
    '-DSIMSTUDIO_VERSION="0"' '-DPy_BEGIN_ALLOW_THREADS={' '-DPy_END_ALLOW_THREADS=}' \
    '-DPy_RETURN_NONE=return NULL' csrc

echo "ruff"
"$tools/ruff" check --quiet .

echo "mypy"
"$tools/mypy" --no-error-summary simstudio examples tests
