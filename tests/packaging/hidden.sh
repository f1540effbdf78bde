#!/bin/sh
# Runs a command where files are hidden, in a mount namespace that it must have been given (unshare):
#   hidden.sh [--libraries] [--folder FOLDER] [--certificates FILE PLACE] -- COMMAND...
# --libraries: no libcurl, cJSON, nghttp2 or OpenSSL of the system's.
# --folder: FOLDER is empty.
# --certificates: of the system's certificates there is FILE at PLACE, and nothing else; FILE "-":
#     none at all.
set -eu

scratch=/mnt
mount -t tmpfs none "$scratch"
number=0

overlay() { # overlay FOLDER: what is changed in it from here on is seen in this namespace alone
    number=$((number + 1))
    mkdir "$scratch/$number" "$scratch/$number.work"
    mount -t overlay none -o "lowerdir=$1,upperdir=$scratch/$number,workdir=$scratch/$number.work" "$1"
}

while [ "$1" != -- ]; do
    case $1 in
    --libraries)
        for name in curl cjson nghttp2 ssl crypto; do
            find /usr/lib* /usr/local/lib* -name "lib$name*" ! -type d 2>/dev/null
        done | sort -u >"$scratch/libraries"
        for folder in $(xargs -r -n 1 dirname <"$scratch/libraries" | sort -u); do
            overlay "$folder"
        done
        xargs -r rm <"$scratch/libraries"
        shift
        ;;
    --folder)
        mount -t tmpfs none "$2"
        shift 2
        ;;
    --certificates)
        overlay /etc
        rm -rf /etc/ssl /etc/pki
        if [ "$2" != - ]; then
            mkdir -p "$(dirname "$3")"
            cp "$2" "$3"
        fi
        shift 3
        ;;
    *)
        echo "hidden.sh: what is $1?" >&2
        exit 2
        ;;
    esac
done
shift
exec "$@"
