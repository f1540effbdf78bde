#!/bin/sh
# Installs the servers and tools that some tests start (nginx, a proxy, ...), where it may. Names what
# could not be installed and goes on: the tests that need it are skipped, and say so. tests/README.md
# says what each is for.
set -u

PATH=$PATH:/usr/sbin:/sbin
missing=
for tool in nginx:nginx-light tinyproxy:tinyproxy openssl:openssl; do # command:package
    command -v "${tool%%:*}" >/dev/null 2>&1 || missing="$missing ${tool#*:}"
done
# shellcheck disable=SC2086
[ -z "$missing" ] || scripts/apt-install.sh $missing || echo "The tests that need them are skipped." >&2
