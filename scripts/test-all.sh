#!/bin/sh
# Runs the tests on every CPython from 3.8 up that pyenv has installed, each in a virtual environment
# of its own; on the `python3` at hand where there is no pyenv. Arguments are handed to make.
set -u
cd "$(dirname "$0")/.." || exit
unset MAKEFLAGS MAKELEVEL # so that each make test is what it is by itself

versions=$(pyenv versions --bare 2>/dev/null | grep -xE '3\.([89]|[1-9][0-9])\.[0-9]+')
[ -n "$versions" ] || { echo "No pyenv here: make test alone." >&2; exec make test "$@"; }

failed=
for version in $versions; do
    echo "== Python $version"
    make test PYTHON="$(pyenv prefix "$version")/bin/python" VENV=".venv-$version" "$@" ||
        failed="$failed $version"
done
[ -z "$failed" ] || { echo "Failed on:$failed" >&2; exit 1; }
# shellcheck disable=SC2086
echo "Passed on:" $versions
