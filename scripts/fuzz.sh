#!/bin/sh
# Fuzzes the units that read foreign bytes: scripts/fuzz.sh PYTHON SECONDS SEED [UNIT...], by
# default all, SECONDS for each. SEED 0 means another one each time; with the same one, and
# the same corpus, a unit that has neither network nor interpreter meets the same inputs, so that
# what the check of a change finds is the change's. Inputs that reach new code are kept in
# build/fuzz/corpus/ for the next time; one that fails is kept in build/fuzz/found/, and ends this
# with an error once every unit has had its turn. Whoever mends the fault adds that file to
# tests/fuzz/corpus/.
set -eu
cd "$(dirname "$0")/.."
python=$1
seconds=$2
seed=$3
shift 3
units=${*:-$(make -s -f tests/fuzz/build.mk units)}
programs=build/fuzz/libfuzzer
failed=
# Where memory is allocated influences the inputs, too.
steady=
[ "$seed" = 0 ] || ! setarch -R true 2>/dev/null || steady="setarch -R"

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
    # shellcheck disable=SC2086
    if $steady "$programs/$unit" -seed="$seed" -max_total_time="$seconds" -max_len=16384 -timeout=20 -rss_limit_mb=4096 \
        -use_value_profile=1 -detect_leaks=$leaks -print_final_stats=1 -artifact_prefix="build/fuzz/found/$unit-" \
        "build/fuzz/corpus/$unit" "tests/fuzz/corpus/$unit" >"$log" 2>&1; then
        sed -n 's/^stat::number_of_executed_units: */    inputs tried: /p' "$log"
    else
        failed="$failed $unit"
        tail -n 60 "$log"
    fi
done
[ -z "$failed" ] || { echo "Found something in:$failed" >&2; exit 1; }
