#!/bin/sh
# Installs the tools that look at the C code (make lint, fuzz, tsan), where apt-get is there and we
# may use it; names what is missing otherwise.
set -u

missing=
for tool in clang clang-tidy cppcheck; do
    command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
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
