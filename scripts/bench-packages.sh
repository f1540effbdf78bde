#!/bin/sh
# Installs what the benchmarks need beside the build, where it may; names what is missing otherwise.
set -u

PATH=$PATH:/usr/sbin:/sbin
missing=
for tool in nginx:nginx-light openssl:openssl valgrind:valgrind; do # command:package
    command -v "${tool%%:*}" >/dev/null 2>&1 || missing="$missing ${tool#*:}"
done
# shellcheck disable=SC2086
[ -z "$missing" ] || exec scripts/apt-install.sh $missing
