#!/bin/sh
# Runs the tests, or those named, on a debug build of the interpreter: it checks what it is handed,
# and counts all references, which test_leaks.py reads. DEBUG_PYTHON names one other than Debian's.
set -eu
cd "$(dirname "$0")/.."
python=${DEBUG_PYTHON:-python3-dbg}
environment=.venv-debug

command -v "$python" >/dev/null 2>&1 || scripts/apt-install.sh python3-dbg python3-venv
"$python" -c 'import sys; sys.exit(not hasattr(sys, "gettotalrefcount"))' ||
    { echo "$python is no debug build of Python." >&2; exit 1; }
scripts/system-packages.sh
[ -e $environment/bin/python ] || "$python" -m venv $environment
$environment/bin/python -m pip install -q --disable-pip-version-check -r tests/requirements.txt
$environment/bin/python -m pip install -q --disable-pip-version-check --no-build-isolation -e .
exec $environment/bin/python -m pytest -q "${@:-tests}"
