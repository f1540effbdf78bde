#!/bin/sh
# Runs tests/torture with a build of its own: scripts/torture.sh PYTHON FOLDER [OPTION...]. The
# options are torture.py's. FLAGS are more flags for the compiler; with -fsanitize=address among
# them the sanitizer's runtime is loaded first, as the interpreter does not have it.
set -eu
cd "$(dirname "$0")/.."
python=$1 folder=$2 flags="-DSIM_MEMORY_FAULTS -g ${FLAGS-}"
shift 2

# shellcheck disable=SC2086
scripts/build-instrumented.sh "$python" "$folder" $flags
include=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
# shellcheck disable=SC2046
${CC:-cc} -D_GNU_SOURCE -shared -fPIC -O1 -o "$folder/faults.so" tests/torture/faults.c "-I$include" \
    $(pkg-config --cflags --libs libcurl libcjson)

case $flags in
*-fsanitize=*address*)
    # Python's own memory is not given back at the end; torture.py counts blocks itself.
    LD_PRELOAD=$(${CC:-cc} -print-file-name=libasan.so)
    ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1
    PYTHONMALLOC=malloc
    export LD_PRELOAD ASAN_OPTIONS PYTHONMALLOC
    ;;
esac
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
PYTHONPATH=$folder/lib "$python" tests/torture/torture.py "$folder/faults.so" "$@"
