#!/bin/sh
# Installs what the benchmarks need beside the build: nginx, openssl, valgrind. Names what is missing.
set -u

PATH=$PATH:/usr/sbin:/sbin
missing=
for tool in nginx openssl valgrind; do
    command -v $tool >/dev/null 2>&1 || missing="$missing $tool"
done
[ -z "$missing" ] && exit 0

scripts/test-packages.sh # nginx and openssl, without starting what is installed
run=
[ "$(id -u)" = 0 ] || run=sudo
command -v valgrind >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1 ||
    DEBIAN_FRONTEND=noninteractive $run apt-get -o DPkg::Lock::Timeout=120 install -qy \
        --no-install-recommends valgrind >/dev/null
for tool in nginx openssl valgrind; do
    command -v $tool >/dev/null 2>&1 || { echo "The benchmarks need $tool." >&2; exit 1; }
done
