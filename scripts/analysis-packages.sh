#!/bin/sh
# Installs the tools that look at C and shell code (make lint, make fuzz), where apt-get is there and we
# may use it; names what is missing otherwise.
set -u

missing=
for tool in clang clang-tidy cppcheck shellcheck; do
    command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
# Debian only recommends what clang links sanitizers and fuzzers with.
[ -e "$(clang -print-file-name=libclang_rt.fuzzer-"$(uname -m)".a 2>/dev/null)" ] ||
    missing="$missing libclang-rt-dev"
[ -z "$missing" ] && exit 0

if command -v apt-get >/dev/null 2>&1; then
    run=
    [ "$(id -u)" = 0 ] || run=sudo
    $run apt-get update -q >/dev/null
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $run apt-get install -qy $missing >/dev/null && exit 0
fi
echo "Please install:$missing" >&2
exit 1
