#!/bin/sh
# Makes the libraries that the wheels carry: scripts/build-libraries.sh PREFIX, on Debian.
#
# libcurl, nghttp2 and cJSON are built from Debian's source packages, with its security patches.
# OpenSSL and zlib are the static archives of its -dev packages, which can be linked into a shared
# object (nghttp2's cannot). All come from the archives that this system's apt knows, through lists
# and caches of this script's own: it needs no root, changes nothing of the system, and takes the
# newest version whatever is installed. apt checks the archives' signature, and by it every file.
#
# PREFIX gets include/ and lib/, licenses/, and carried.tsv: for every file taken its package, the
# package's version and licence, the file's name and its SHA-256. What is there
# already, and still the newest, is kept.
set -eu

# What we carry: package, kind, licence (SPDX), and the version that has every fix known to us.
carried='
curl        source  curl        7.88.1-10+deb12u15
nghttp2     source  MIT         1.52.0-1+deb12u3
cjson       source  MIT         1.7.15-1+deb12u4
libssl-dev  static  Apache-2.0  3.0.22-1~deb12u2
zlib1g-dev  static  Zlib        1:1.2.13.dfsg-1
'

mkdir -p "$1"
prefix=$(cd "$1" && pwd)
script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
work=$prefix/work
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
tab=$(printf '\t')

stop() {
    echo "build-libraries: $*" >&2
    exit 1
}

packages_of() { # packages_of KIND
    echo "$carried" | awk -v kind="$1" '$2 == kind { print $1 }'
}

# ---- what is there ----

for tool in apt-get dpkg-source cc make pkg-config; do
    command -v $tool >/dev/null || stop "needs $tool (apt-get install build-essential pkg-config)"
done
[ -f $keyring ] || stop "needs Debian's keys (apt-get install debian-archive-keyring)"

mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
apt-get indextargets --format "[signed-by=$keyring] \$(REPO_URI) \$(RELEASE) \$(COMPONENT)" \
    'Created-By: Packages' 'Origin: Debian' | sort -u |
    sed 's/.*/deb &\ndeb-src &/' >"$work/sources.list"
[ -s "$work/sources.list" ] || stop "apt knows no archive of Debian's here (try apt-get update)"

cat >"$work/apt.conf" <<CONF
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$work/lists";
Dir::Cache "$work/cache";
APT::Sandbox::User "$(id -un)";
APT::Update::Error-Mode "any";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
CONF
export APT_CONFIG="$work/apt.conf"

version_of() { # version_of PACKAGE KIND: the newest that the archives have
    case $2 in
    source) apt-cache showsrc "$1" | sed -n 's/^Version: //p' ;;
    static) apt-cache show "$1" | sed -n 's/^Version: //p' ;;
    esac | {
        newest=
        while read -r version; do
            [ -z "$newest" ] || dpkg --compare-versions "$version" gt "$newest" || continue
            newest=$version
        done
        echo "$newest"
    }
}

if ! apt-get -qq update; then
    [ -f "$prefix/carried.tsv" ] || stop "the archives cannot be reached"
    echo "build-libraries: the archives cannot be reached: keeping what was built" >&2
    exit 0
fi

# What is wanted, in one text: a change of any version, or of this script, builds anew.
wanted=$(
    sha256sum <"$script"
    echo "$carried" | while read -r package kind licence minimum; do
        [ -n "$package" ] || continue
        version=$(version_of "$package" "$kind")
        [ -n "$version" ] || stop "the archives have no $package"
        dpkg --compare-versions "$version" ge "$minimum" ||
            stop "$package is $version in the archives, and below $minimum has known holes"
        printf '%s\t%s\t%s\t%s\n' "$package" "$kind" "$version" "$licence"
    done
)
[ ! -f "$prefix/wanted" ] || [ "$wanted" != "$(cat "$prefix/wanted")" ] || exit 0

find "$prefix" -mindepth 1 -maxdepth 1 ! -name work -exec rm -rf {} +
rm -rf "$work/taken" "$work/source" "$work/static"
mkdir -p "$work/taken" "$work/source" "$work/static" "$prefix/include" "$prefix/lib/pkgconfig" \
    "$prefix/licenses"

# ---- taking ----

echo "$wanted" | while IFS=$tab read -r package kind version licence; do
    [ -n "$kind" ] || continue
    mkdir "$work/taken/$package"
    cd "$work/taken/$package"
    case $kind in
    source)
        apt-get -qq source --download-only "$package=$version" >/dev/null
        # apt has checked the signature above it all; the maintainer's own needs another keyring.
        dpkg-source --no-check -x ./*.dsc "$work/source/$package" >"$work/$package.log" 2>&1 ||
            stop "cannot unpack $package: see $work/$package.log"
        ;;
    static)
        apt-get -qq download "$package=$version"
        dpkg-deb -x ./*.deb "$work/static"
        ;;
    esac
    for file in *; do
        printf '%s\t%s\t%s\t%s\t%s\n' "$package" "$version" "$licence" "$file" \
            "$(sha256sum <"$file" | cut -d ' ' -f 1)"
    done
done >"$work/carried.tsv"

# ---- the static archives ----

triplet=$(cc -print-multiarch)
for name in openssl zlib.h zconf.h; do
    for folder in "$work/static/usr/include" "$work/static/usr/include/$triplet"; do
        [ ! -e "$folder/$name" ] || cp -r "$folder/$name" "$prefix/include/"
    done
done
for name in libssl libcrypto libz; do
    cp "$work/static/usr/lib/$triplet/$name.a" "$prefix/lib/"
done
for file in "$work/static/usr/lib/$triplet/pkgconfig/"*.pc; do
    sed -e "s,^prefix=.*,prefix=$prefix," -e "s,^libdir=.*,libdir=\${prefix}/lib," \
        "$file" >"$prefix/lib/pkgconfig/$(basename "$file")"
done
cp "$work/static/usr/share/doc/libssl-dev/copyright" "$prefix/licenses/LICENSE.openssl"
cp "$work/static/usr/share/doc/zlib1g-dev/copyright" "$prefix/licenses/LICENSE.zlib"

# ---- what is built ----

# No path of this machine gets in; each function can be left out where nothing calls it.
flags="-O2 -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections -fstack-protector-strong"
flags="$flags -ffile-prefix-map=$prefix=."

compile() { # compile LIBRARY VERSION FLAGS... SOURCES...: lib/LIBRARY.a and its .pc
    library=$1 version=$2
    shift 2
    # shellcheck disable=SC2086
    cc $flags -c "$@"
    ar crD "$prefix/lib/$library.a" ./*.o
    cat >"$prefix/lib/pkgconfig/$library.pc" <<PC
Name: $library
Description: $library, static and hidden
Version: $version
Libs: -L$prefix/lib -l${library#lib}
Cflags: -I$prefix/include
PC
}

cd "$work/source/cjson"
version=$(sed -n 's/^#define CJSON_VERSION_[A-Z]* \([0-9]*\)$/\1/p' cJSON.h | paste -sd .)
compile libcjson "$version" -DCJSON_HIDE_SYMBOLS cJSON.c
mkdir "$prefix/include/cjson"
cp cJSON.h "$prefix/include/cjson/"
cp LICENSE "$prefix/licenses/LICENSE.cjson"

cd "$work/source/nghttp2/lib"
version=$(sed -n 's/^AC_INIT(\[nghttp2\], \[\([0-9.]*\)\].*/\1/p' ../configure.ac)
number=$(echo "$version" | awk -F. '{ printf "0x%02x%02x%02x", $1, $2, $3 }')
sed -e "s/@PACKAGE_VERSION@/$version/" -e "s/@PACKAGE_VERSION_NUM@/$number/" \
    includes/nghttp2/nghttp2ver.h.in >includes/nghttp2/nghttp2ver.h
compile libnghttp2 "$version" -Iincludes -DNGHTTP2_STATICLIB -DHAVE_TIME_H -DHAVE_CLOCK_GETTIME \
    -DHAVE_ARPA_INET_H -DHAVE_NETINET_IN_H ./*.c
mkdir "$prefix/include/nghttp2"
cp includes/nghttp2/*.h "$prefix/include/nghttp2/"
cp ../COPYING "$prefix/licenses/LICENSE.nghttp2"

# HTTP, TLS, HTTP/2, compression, proxies, name look-ups in a thread; nothing else. The system's
# openssl.cnf is for the system's OpenSSL, which may be another; certificates are found at run time.
cd "$work/source/curl"
env -u PKG_CONFIG_PATH PKG_CONFIG_LIBDIR="$prefix/lib/pkgconfig" CFLAGS="$flags" CPPFLAGS=-D_FORTIFY_SOURCE=2 \
    ./configure --quiet --prefix="$prefix" --disable-shared --enable-static --with-pic \
    --disable-dependency-tracking \
    --with-openssl="$prefix" --with-nghttp2="$prefix" --with-zlib="$prefix" \
    --enable-threaded-resolver --enable-ipv6 --enable-proxy --enable-http-auth \
    --without-ca-bundle --without-ca-path --disable-openssl-auto-load-config \
    --without-brotli --without-zstd --without-libpsl --without-libidn2 --without-librtmp \
    --without-libssh2 --without-libgsasl --without-gssapi --without-nghttp3 --without-ngtcp2 \
    --disable-ftp --disable-file --disable-ldap --disable-ldaps --disable-rtsp --disable-dict \
    --disable-telnet --disable-tftp --disable-pop3 --disable-imap --disable-smb --disable-smtp \
    --disable-gopher --disable-mqtt --disable-websockets --disable-manual --disable-libcurl-option \
    --disable-ntlm --disable-tls-srp --disable-unix-sockets --disable-cookies --disable-netrc \
    --disable-alt-svc --disable-hsts --disable-doh --disable-mime --disable-dateparse \
    --disable-progress-meter --disable-dnsshuffle --disable-get-easy-options \
    >"$work/curl.log" 2>&1 || stop "cannot configure libcurl: see $work/curl.log"
for folder in lib include; do
    make -C $folder -s -j "$(getconf _NPROCESSORS_ONLN)" install >>"$work/curl.log" 2>&1 ||
        stop "cannot build libcurl: see $work/curl.log"
done
cp libcurl.pc "$prefix/lib/pkgconfig/"
cp COPYING "$prefix/licenses/LICENSE.curl"

rm -rf "$prefix"/lib/*.la "$prefix/share" "$work/source" "$work/static"
mv "$work/carried.tsv" "$prefix/carried.tsv"
echo "$wanted" >"$prefix/wanted"
