#!/bin/sh
# Measures which lines the tests run: scripts/coverage.sh PYTHON. csrc by gcov, from the C tests of
# the core, the Python tests and tests/torture; simstudio by coverage.py, from the Python tests. The
# Python has tests/requirements.txt and coverage.py.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
python=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
folder=$root/build/coverage
flags="--coverage -O0 -fprofile-update=atomic"

find "$folder" -name '*.gcda' -delete 2>/dev/null || true
make -s -C tests/core run OUT="$folder/core" SANITIZERS="$flags -DSIM_TESTS_COVERAGE" >/dev/null
FLAGS=$flags scripts/torture.sh "$python" "$folder/python" --stride 3

# What builds programs of its own adds nothing here. Failing tests are for make test to report.
# Run from another folder: -m, and the programs that tests start with -c, look in the current one first,
# and here that has the usual build.
(cd "$folder" && COVERAGE_FILE=$folder/data COVERAGE_RCFILE=$root/scripts/coverage.ini \
    PYTHONPATH=$folder/python/lib "$python" -m coverage run "$(dirname "$python")/pytest" -q "$root/tests" \
    --ignore "$root/tests/test_build.py" --ignore "$root/tests/test_core.py" \
    --ignore "$root/tests/test_torture.py" --ignore "$root/tests/test_fuzz_corpora.py") ||
    echo "Some tests failed here."
COVERAGE_FILE=$folder/data COVERAGE_RCFILE=scripts/coverage.ini \
    "$python" -m coverage combine -q "$folder"
COVERAGE_FILE=$folder/data COVERAGE_RCFILE=scripts/coverage.ini \
    "$python" -m coverage json -q -o "$folder/python.json"
"$python" scripts/coverage_report.py "$folder"
