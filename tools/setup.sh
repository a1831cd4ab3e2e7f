#!/bin/sh
# Installs what building and testing need beyond Rust: on Debian and its children by apt, and only
# what is missing. Elsewhere it says what is needed. What it cannot mend it says before it installs
# anything.
#
#   tools/setup.sh           everything
#   tools/setup.sh build     only what building the modules needs: no server comes with it
#   tools/setup.sh demo      that, and what the demonstration needs
set -eu

# apache2-bin has httpd and its modules; the package apache2 would start a server on port 80.
packages="apache2-bin apache2-dev libclang-dev gcc libc6-dev make ca-certificates"
case ${1:-} in
    build) ;;
    demo) packages="$packages postgresql media-types curl procps util-linux" ;;
    # The tests also run the clients that a download site has, and the modules it has beside ours.
    *) packages="$packages postgresql libaprutil1-dbd-pgsql libapache2-mod-form memcached media-types
        python3 python3-libtorrent libxml2-utils mmdb-bin aria2 zsync curl chromium valgrind procps util-linux
        iproute2 mount strace libfaketime openssl nghttp2-client rsync git pgbouncer dnf zypper ostree apt-utils
        createrepo-c rpm wget lftp nginx-light lighttpd caddy vsftpd"
        # Perhaps from elsewhere: any will do.
        command -v java >/dev/null || packages="$packages default-jre-headless"
        command -v npm >/dev/null || packages="$packages npm" ;;
esac
oldest_postgresql=14

fail() {
    printf 'setup: ' >&2
    printf '%s\n' "$@" >&2
    exit 1
}

# Whether version $1 is $2 or newer.
is_at_least() {
    [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]
}

# The version of a package that apt would install; nothing if it knows none.
candidate() {
    apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *\([0-9][0-9.]*\).*/\1/p'
}

check_cargo() {
    needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$(dirname "$0")/../Cargo.toml")
    found=$("${CARGO:-cargo}" --version 2>/dev/null | cut -d' ' -f2) || true
    if [ -n "$found" ] && is_at_least "$found" "$needed"; then
        return 0
    fi
    offered=$(candidate cargo-web)
    if [ -n "$offered" ] && is_at_least "$offered" "$needed"; then
        debian="apt-get install cargo-web rustc-web (here $offered)"
    else
        debian="Debian 12 and 13: apt-get update && apt-get install cargo-web rustc-web"
    fi
    under_sudo=
    [ -z "${SUDO_USER:-}" ] || under_sudo="Under sudo your own cargo is not found: sudo env \"PATH=\$PATH\" make ..."
    fail "Rust $needed or newer is needed, and cargo here is ${found:-missing}. Either of" \
        "  $debian (not with cargo, rustc or rustup beside it)" \
        "  https://rustup.rs, without root" ${under_sudo:+"$under_sudo"}
}

# The major version of PostgreSQL: the one of PGBINDIR or the newest that is here, else the one
# that apt would install.
postgresql_version() {
    if [ -n "${PGBINDIR:-}" ]; then
        "$PGBINDIR/initdb" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/'
        return
    fi
    for initdb in /usr/lib/postgresql/*/bin/initdb; do
        [ ! -x "$initdb" ] || echo "$initdb" | cut -d/ -f5
    done | sort -n | tail -n 1 | grep . || candidate postgresql | cut -d. -f1
}

# The package of the extension ip4r, which there is for each major version of PostgreSQL.
ip4r_package() {
    version=$(postgresql_version)
    if [ -z "$version" ]; then
        # apt has no lists yet; this is a pattern of apt's.
        echo "?name(^postgresql-[0-9]+-ip4r\$)"
        return
    fi
    is_at_least "$version" $oldest_postgresql ||
        fail "PostgreSQL $oldest_postgresql or newer is needed, and here it is $version." \
            "  https://wiki.postgresql.org/wiki/Apt has newer ones for this system"
    echo "postgresql-$version-ip4r"
}

# Those of the named packages that are not there yet.
lacking() {
    for package in "$@"; do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$status" = installed ] || echo "$package"
    done
}

# Installs the named packages, or says what root must run.
install_packages() {
    install="apt-get install -y --no-install-recommends"
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif command -v sudo >/dev/null; then
        as_root=sudo
    else
        # The pattern of ip4r_package is not for the shell.
        command=$(printf " '%s'" "$@" | sed "s/'\([a-z0-9.+-]*\)'/\1/g")
        fail "packages are missing, and there is no sudo. Root must run, once:" \
            "  apt-get update && $install$command"
    fi
    echo "setup: installing $*"
    $as_root apt-get update -q
    # The tests start servers of their own; these must not take port 80.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
        $as_root chmod 755 $policy
        # shellcheck disable=SC2064
        trap "$as_root rm -f $policy" EXIT
    fi
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive $install -q "$@"
}

check_cargo
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    cat >&2 <<'TEXT'
setup: no apt here. Needed, from this system's package manager:
  to build  httpd 2.4 with apxs and headers (of APR and APR-util too), libclang, a C compiler
  to test   PostgreSQL 14 or newer with the extension ip4r, mod_form, memcached, python3 with
            libtorrent, pgbouncer, xmllint, aria2, zsync, dnf, zypper, ostree, createrepo_c, rpmbuild,
            apt-ftparchive, curl, wget, lftp, chromium, runuser, ip, strace, libfaketime,
            openssl, h2load, nginx, lighttpd, caddy, vsftpd, proftpd, unshare, nsenter, mount, java, npm, /etc/mime.types; and root, for a network that
            can be cut and disks that can be full. Then, in tests/modules/web: npm ci --ignore-scripts
Programs in unusual places are named in the environment: APXS, PGBINDIR, LIBCLANG_PATH.
TEXT
    exit 0
fi
if [ "${1:-}" != build ]; then
    # An assignment of its own, so that its failure counts.
    ip4r=$(ip4r_package)
    packages="$packages $ip4r"
fi
# shellcheck disable=SC2086
missing=$(lacking $packages)
# shellcheck disable=SC2086
[ -z "$missing" ] || install_packages $missing
# Two servers of FTP cannot be installed at once; this one is only unpacked, with what it depends on.
servers=$(dirname "$0")/../tests/servers
if [ -z "${1:-}" ] && [ ! -x "$servers/usr/sbin/proftpd" ]; then
    mkdir -p "$servers"
    (cd "$servers" && apt-get download -q proftpd-core)
    needed=$(dpkg-deb -f "$servers"/proftpd-core_*.deb Depends | tr ',' '\n' | sed 's/^ *\([^ (|]*\).*/\1/')
    # shellcheck disable=SC2086
    missing=$(lacking $needed)
    # shellcheck disable=SC2086
    [ -z "$missing" ] || install_packages $missing
    dpkg-deb -x "$servers"/proftpd-core_*.deb "$servers"
    rm "$servers"/proftpd-core_*.deb
fi
# The judges of pages: the Nu Html Checker and axe.
web=$(dirname "$0")/../tests/modules/web
if [ -z "${1:-}" ] && [ ! -e "$web/node_modules/.package-lock.json" ]; then
    npm ci --prefix "$web" --ignore-scripts --no-audit --no-fund
fi
