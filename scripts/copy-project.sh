#!/bin/sh
# Copies the project, without what was built of it, into FOLDER: scripts/copy-project.sh FOLDER. For builds of
# other kinds, which leave the usual one alone.
set -eu
cd "$(dirname "$0")/.."
mkdir -p "$1"
tar -cf - --exclude='*.so' --exclude=__pycache__ benchmarks csrc examples scripts simstudio tests \
    ./*.md ./*.toml ./*.in ./.[a-z]*-* LICENSE Makefile setup.py | tar -xf - -C "$1"
