#!/bin/sh
# Measures which lines the tests run: scripts/coverage.sh PYTHON. csrc by gcov, from the C tests of
# the core, the Python tests and tests/torture; simstudio by coverage.py, from the Python tests. The
# Python has tests/requirements.txt and coverage.py.
set -eu
cd "$(dirname "$0")/.."
python=$1
folder=$PWD/build/coverage
flags="--coverage -O0 -fprofile-update=atomic"

find "$folder" -name '*.gcda' -delete 2>/dev/null || true
make -s -C tests/core run OUT="$folder/core" SANITIZERS="$flags -DSIM_TESTS_COVERAGE" >/dev/null
FLAGS=$flags scripts/torture.sh "$python" "$folder/python" --stride 3

# What builds programs of its own adds nothing here. A test that fails is make test's to tell.
# pytest is run as a script, and what tests start has a safe path: otherwise this folder, with the
# usual build, would come before the other.
COVERAGE_FILE=$folder/data COVERAGE_RCFILE=scripts/coverage.ini PYTHONPATH=$folder/python/lib PYTHONSAFEPATH=1 \
    "$python" -m coverage run "$(dirname "$python")/pytest" -q tests --ignore tests/test_build.py \
    --ignore tests/test_core.py --ignore tests/test_torture.py --ignore tests/test_fuzz_corpora.py ||
    echo "Some tests failed here."
COVERAGE_FILE=$folder/data COVERAGE_RCFILE=scripts/coverage.ini \
    "$python" -m coverage combine -q "$folder"
COVERAGE_FILE=$folder/data COVERAGE_RCFILE=scripts/coverage.ini \
    "$python" -m coverage json -q -o "$folder/python.json"
"$python" scripts/coverage_report.py "$folder"
