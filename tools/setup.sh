#!/bin/sh
# Installs what building and testing need beyond Rust: on Debian and its children by apt, and only
# what is missing. Elsewhere it says what is needed.
#
#   tools/setup.sh           everything
#   tools/setup.sh build     only what building the modules needs
#   tools/setup.sh demo      that, and what the demonstration needs
set -eu

packages="apache2 apache2-dev libclang-dev gcc libc6-dev make"
case ${1:-} in
    build) ;;
    demo) packages="$packages postgresql media-types curl procps util-linux" ;;
    # The tests also run the clients that a download site has, and the modules it has beside ours.
    *) packages="$packages postgresql libaprutil1-dbd-pgsql libapache2-mod-form memcached media-types
        python3 python3-libtorrent libxml2-utils mmdb-bin aria2 zsync curl chromium valgrind procps util-linux
        iproute2 mount strace libfaketime openssl nghttp2-client" ;;
esac

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "setup: no sudo; as root, run: $*" >&2
        exit 1
    fi
}

# Installs those of the named packages that are not there yet.
ensure() {
    lacking=
    for package in "$@"; do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$status" = installed ] || lacking="$lacking $package"
    done
    [ -n "$lacking" ] || return 0
    echo "setup: installing$lacking"
    if [ -z "${updated:-}" ]; then
        as_root apt-get update -q
        updated=yes
    fi
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends $lacking
}

# The ip4r extension is packaged for each major version of PostgreSQL: take the newest one's.
ip4r_package() {
    for initdb in /usr/lib/postgresql/*/bin/initdb; do
        echo "$initdb" | cut -d/ -f5
    done | sort -n | tail -n 1 | sed 's/.*/postgresql-&-ip4r/'
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    cat >&2 <<'TEXT'
setup: no apt here. Needed, from this system's package manager:
  to build  httpd 2.4 with apxs and headers (of APR and APR-util too), libclang, a C compiler
  to test   PostgreSQL 14 or newer with the extension ip4r, mod_form, memcached, python3 with
            libtorrent, xmllint, aria2, zsync, curl, chromium, runuser, ip, strace, libfaketime,
            openssl, h2load, unshare, nsenter, mount, /etc/mime.types; and root, for a network that can be
            cut and disks that can be full
Programs in unusual places are named in the environment: APXS, PGBINDIR, LIBCLANG_PATH.
TEXT
    exit 0
fi

# shellcheck disable=SC2086
ensure $packages
if [ "${1:-}" != build ]; then
    ensure "$(ip4r_package)"
fi
