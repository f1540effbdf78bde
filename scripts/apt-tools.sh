#!/bin/sh
# Installs the packages of those tools that are not there: scripts/apt-tools.sh COMMAND:PACKAGE...
# Ends as scripts/apt-install.sh does.
set -u

PATH=$PATH:/usr/sbin:/sbin
missing=
for tool; do
    command -v "${tool%%:*}" >/dev/null 2>&1 || missing="$missing ${tool#*:}"
done
# shellcheck disable=SC2086
[ -z "$missing" ] || exec scripts/apt-install.sh $missing
