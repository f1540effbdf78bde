#!/bin/sh
# Installs the servers and tools that some tests start (nginx, a proxy, ...), where it may. Names what
# could not be installed and goes on: the tests that need it are skipped, and say so. tests/README.md
# says what each is for.
scripts/apt-tools.sh nginx:nginx-light tinyproxy:tinyproxy openssl:openssl ||
    echo "The tests that need them are skipped." >&2
