#!/bin/sh
# Installs what the build needs of the system, where a package manager is there and we may use it;
# names what is missing otherwise. Does nothing when all is there.
set -u

missing=
command -v cc >/dev/null 2>&1 || missing="$missing a-C-compiler"
command -v pkg-config >/dev/null 2>&1 || missing="$missing pkg-config"
pkg-config --exists 'libcurl >= 7.68' 2>/dev/null || missing="$missing libcurl"
pkg-config --exists 'libcjson >= 1.7.15' 2>/dev/null || missing="$missing cJSON"
[ -z "$missing" ] && exit 0

echo "Missing:$missing. Trying the package manager."
run=
[ "$(id -u)" = 0 ] || run=sudo
if command -v apt-get >/dev/null 2>&1; then
    scripts/apt-install.sh build-essential pkg-config libcurl4-openssl-dev libcjson-dev python3-venv
elif command -v dnf >/dev/null 2>&1; then
    $run dnf install -qy gcc make pkgconf-pkg-config libcurl-devel cjson-devel python3-devel
elif command -v apk >/dev/null 2>&1; then
    $run apk add -q build-base pkgconf curl-dev cjson-dev python3-dev
elif command -v brew >/dev/null 2>&1; then
    brew install -q pkg-config curl cjson
fi
pkg-config --exists 'libcurl >= 7.68' 2>/dev/null ||
    { echo "Could not install libcurl >= 7.68 with its headers." >&2; exit 1; }
pkg-config --exists 'libcjson >= 1.7.15' 2>/dev/null ||
    { echo "Could not install cJSON >= 1.7.15 with its headers." >&2; exit 1; }
