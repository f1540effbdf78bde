#!/bin/sh
# Runs the tests, or those named, against the newest libcurl there is in binary form: the one that
# PyPI's wheel of pycurl carries, with the libraries it needs. scripts/newest-libcurl.sh PYTHON
# [PYTEST ARGUMENT...]. The headers are the system's, which know all of libcurl that we use.
set -eu
cd "$(dirname "$0")/.."
python=$1
shift
folder=$PWD/build/newest-libcurl
environment=$folder/.venv

stop() {
    echo "newest-libcurl: $*" >&2
    exit 1
}

mkdir -p "$folder"
rm -rf "$folder/wheel"
"$python" -m pip download -q --disable-pip-version-check --no-deps --only-binary :all: --dest "$folder/wheel" \
    pycurl || stop "there is no wheel of pycurl for this system, or no way to it."
"$python" -m zipfile -e "$folder"/wheel/pycurl-*.whl "$folder/wheel"
libraries=$folder/wheel/pycurl.libs
library=$(find "$libraries" -name 'libcurl-*.so.*' 2>/dev/null || true)
[ -n "$library" ] || stop "this system's wheel of pycurl carries no libcurl."
version=$("$python" - "$library" <<'PROGRAM'
import ctypes, sys

curl_version = ctypes.CDLL(sys.argv[1]).curl_version
curl_version.restype = ctypes.c_char_p
print(curl_version().decode())
PROGRAM
) || stop "the libcurl that pycurl's wheel carries cannot be loaded here."
echo "testing with $version"

number=${version#libcurl/}
cat >"$folder/libcurl.pc" <<PC
Name: libcurl
Description: the newest, from the wheel of pycurl
Version: ${number%% *}
Cflags: $(pkg-config --cflags libcurl)
Libs: -L$libraries -l:$(basename "$library") -Wl,-rpath,$libraries
PC
export PKG_CONFIG_PATH="$folder${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"

if ! cmp -s tests/requirements.txt "$environment/requirements.txt"; then
    rm -rf "$environment"
    "$python" -m venv "$environment"
    "$environment/bin/python" -m pip install -q --disable-pip-version-check -r tests/requirements.txt
    cp tests/requirements.txt "$environment/"
fi
# For the differential test, where that one's environment has it.
pure=$(dirname "$python")/../pure-sdk
[ ! -d "$pure" ] || ln -sfn "$(cd "$pure" && pwd)" "$environment/pure-sdk"
rm -rf "$folder/project"
scripts/copy-project.sh "$folder/project"
cd "$folder/project"
"$environment/bin/python" -m pip install -q --disable-pip-version-check --no-build-isolation -e .
# Left out is what takes for granted where the system's libcurl looks for certificates: this one was
# built for another distribution.
places=tests/test_tls.py::test_
exec "$environment/bin/python" -m pytest -q -p no:cacheprovider \
    --deselect ${places}the_places_in_their_order --deselect ${places}the_places_that_libcurl_does_not_know \
    --deselect ${places}a_place_that_fails_is_passed_by_and_ctrl_c_is_not "${@:-tests}"
