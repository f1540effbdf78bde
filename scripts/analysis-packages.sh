#!/bin/sh
# Installs the tools that look at C and shell code (make lint, make fuzz), where it may; names what is
# missing otherwise.
set -u

missing=
for tool in clang clang-tidy cppcheck shellcheck; do
    command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
# Debian only recommends what clang links sanitizers and fuzzers with, and what names their findings.
[ -e "$(clang -print-file-name=libclang_rt.fuzzer-"$(uname -m)".a 2>/dev/null)" ] ||
    missing="$missing libclang-rt-dev llvm"
# shellcheck disable=SC2086
[ -z "$missing" ] || exec scripts/apt-install.sh $missing
