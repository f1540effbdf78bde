#!/bin/sh
# Installs packages where apt-get is there and we may use it: scripts/apt-install.sh PACKAGE...
# Starts none of the services among them. Names what could not be installed, and ends with 1 then.
set -u

run=
[ "$(id -u)" = 0 ] || run="sudo -n"

install() {
    $run env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -qy \
        --no-install-recommends "$@" >/dev/null 2>&1
}

if command -v apt-get >/dev/null 2>&1 && $run true 2>/dev/null; then
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        trap '$run rm -f $policy' EXIT
        printf '#!/bin/sh\nexit 101\n' | $run tee $policy >/dev/null
        $run chmod +x $policy
    fi
    install "$@" && exit 0
    # The lists do not know a package, or a version that is gone; failing that, as many as there are.
    $run apt-get update -q >/dev/null 2>&1
    missing=
    for package in "$@"; do
        install "$package" || missing="$missing $package"
    done
    [ -n "$missing" ] || exit 0
    # shellcheck disable=SC2086
    set -- $missing
fi
echo "Could not install: $*" >&2
exit 1
