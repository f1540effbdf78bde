#!/bin/sh
# Installs the servers and tools that some tests start (nginx, a proxy, ...), where apt-get is there
# and we may use it. Names what could not be installed and goes on: the tests that need it are
# skipped, and say so. tests/README.md says what each is for.
set -u

# One word for each: the command, a colon, the package that brings it.
tools="nginx:nginx-light tinyproxy:tinyproxy openssl:openssl ss:iproute2"

PATH=$PATH:/usr/sbin:/sbin

missing() { # the packages of the commands that are not there
    for tool in $tools; do
        command -v "${tool%%:*}" >/dev/null 2>&1 || printf ' %s' "${tool#*:}"
    done
}

wanted=$(missing)
[ -z "$wanted" ] && exit 0

run=
[ "$(id -u)" = 0 ] || run="sudo -n"
if command -v apt-get >/dev/null 2>&1 && $run true 2>/dev/null; then
    # Debian starts what it installs. Not here: a test starts its own.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        trap '$run rm -f $policy' EXIT
        printf '#!/bin/sh\nexit 101\n' | $run tee $policy >/dev/null
        $run chmod +x $policy
    fi
    $run apt-get update -q >/dev/null 2>&1
    for package in $wanted; do
        DEBIAN_FRONTEND=noninteractive $run apt-get -o DPkg::Lock::Timeout=120 install -qy \
            --no-install-recommends "$package" >/dev/null 2>&1
    done
fi
wanted=$(missing)
[ -z "$wanted" ] || echo "Not installed, so the tests that need it are skipped:$wanted" >&2
