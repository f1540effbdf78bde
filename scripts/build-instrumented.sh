#!/bin/sh
# Builds the package with other compiler flags into a folder of its own, beside the one that is
# installed: scripts/build-instrumented.sh PYTHON FOLDER FLAGS... It is used with PYTHONPATH=FOLDER/lib.
set -eu
cd "$(dirname "$0")/.."
python=$1 folder=$2
shift 2
mkdir -p "$folder"
CC="${CC:-cc} $*" CFLAGS="$*" "$python" setup.py -q build --build-base "$folder/temp" \
    --build-lib "$folder/lib" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
