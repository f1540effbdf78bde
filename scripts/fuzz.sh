#!/bin/sh
# Fuzzes the units that read foreign bytes: scripts/fuzz.sh PYTHON SECONDS [UNIT...], by default
# all, SECONDS for each. Inputs that reach new code are kept in build/fuzz/corpus/ for the next
# time; one that fails is kept in build/fuzz/found/, and ends this with an error once every unit
# has had its turn. Whoever mends the fault adds that file to tests/fuzz/corpus/.
set -eu
cd "$(dirname "$0")/.."
python=$1
seconds=$2
shift 2
units=${*:-$(make -s -f tests/fuzz/build.mk units)}
programs=build/fuzz/libfuzzer
failed=

make -s -j "$(getconf _NPROCESSORS_ONLN)" -f tests/fuzz/build.mk ENGINE=libfuzzer OUT=$programs \
    PYTHON="$python" UNITS="$units"
mkdir -p build/fuzz/found
for unit in $units; do
    echo "fuzzing $unit for $seconds s"
    mkdir -p "build/fuzz/corpus/$unit"
    log=build/fuzz/$unit.log
    # With an interpreter inside, looking for leaks after inputs takes a hundred times as long as
    # the inputs: that is left to the corpus, which is replayed with it.
    case $unit in client | json) leaks=0 ;; *) leaks=1 ;; esac
    if "$programs/$unit" -max_total_time="$seconds" -max_len=16384 -timeout=20 -rss_limit_mb=4096 \
        -use_value_profile=1 -detect_leaks=$leaks -print_final_stats=1 -artifact_prefix="build/fuzz/found/$unit-" \
        "build/fuzz/corpus/$unit" "tests/fuzz/corpus/$unit" >"$log" 2>&1; then
        sed -n 's/^stat::number_of_executed_units: */    inputs tried: /p' "$log"
    else
        failed="$failed $unit"
        tail -n 60 "$log"
    fi
done
[ -z "$failed" ] || { echo "Found something in:$failed" >&2; exit 1; }
