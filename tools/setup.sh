# shellcheck shell=bash
# setup.sh: what ./run, ./test and .ci/run share: packages, node modules, build directories. Sourced by them from the
# root of the source tree; each function ends the script with one line on stderr when it cannot do its work.

jobs=$(nproc)
export jobs

say() { echo "== $*"; }
fail() { echo "${0##*/}: $*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        command -v sudo >/dev/null || fail "$1 needs root, and there is no sudo; run this as root once"
        sudo "$@"
    fi
}

# missing_packages FILE...: the packages of these lists that are not installed, one a line
missing_packages() {
    local wanted
    wanted=$(sed 's/#.*//' "$@")
    # shellcheck disable=SC2086 # names have no blanks
    { dpkg-query -W -f='${db:Status-Status} ${Package}\n' $wanted 2>/dev/null || true; } |
        awk -v wanted="$wanted" '$1 == "installed" { have[$2] = 1 }
            END { n = split(wanted, name); for (i = 1; i <= n; i++) if (!(name[i] in have)) print name[i] }'
}

# A mail server that a test starts by itself with its own configuration shall not also run as a service of this machine.
# Debian asks /usr/sbin/policy-rc.d before it starts one; where the administrator has no such file, one stands there
# while apt works. Later starts of the machine are covered by disabling what came newly.
install_packages() {
    local policy=/usr/sbin/policy-rc.d own_policy=
    say "installing Debian packages: $*"
    if [ ! -e $policy ]; then
        own_policy=yes
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
        as_root chmod 755 $policy
    fi
    case " $* " in *" postfix "*)
        echo 'postfix postfix/main_mailer_type select No configuration' | as_root debconf-set-selections ;;
    esac
    local done=yes
    { as_root apt-get update -q &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"; } || done=
    [ -z "$own_policy" ] || as_root rm -f $policy
    [ "$done" ] || fail "apt-get could not install: $*"
    if command -v systemctl >/dev/null; then
        case " $* " in *" dovecot-imapd "*) as_root systemctl --quiet disable dovecot.service || true ;; esac
        case " $* " in *" postfix "*) as_root systemctl --quiet disable postfix.service || true ;; esac
    fi
}

# need_packages FILE...: installs what is missing of these lists
need_packages() {
    local missing
    missing=$(missing_packages "$@")
    # shellcheck disable=SC2086
    [ -z "$missing" ] || install_packages $missing
}

# Node 18 or newer, with npm. Debian's are installed only where there is no node: Debian's npm brings Debian's nodejs,
# which conflicts with one from elsewhere.
need_node() {
    local version
    if ! command -v node >/dev/null; then
        install_packages nodejs npm
    fi
    version=$(node --version)
    version=${version#v}
    [ "${version%%.*}" -ge 18 ] || fail "node $version is too old; install node 18 or newer, or remove it for Debian's"
    command -v npm >/dev/null && return
    case "$(dpkg-query -W -f='${Version}' nodejs 2>/dev/null)" in
    *dfsg*) install_packages npm ;;
    *) fail "node $version is here without npm; install the npm that belongs to it, or remove it for Debian's" ;;
    esac
}

# need_modules DIR: what DIR/package-lock.json names, fetched again only when that file has changed
need_modules() {
    [ -e "$1/package-lock.json" ] || return 0
    cmp -s "$1/package-lock.json" "$1/node_modules/.fetched" && return
    need_node
    say "npm ci in $1"
    npm ci --prefix "$1" --ignore-scripts --no-fund --no-audit --loglevel=error || fail "npm ci in $1 failed"
    cp "$1/package-lock.json" "$1/node_modules/.fetched"
    rm -f build*/.options # meson looks for modules when it sets up
}

# configure DIR OPTION...: makes DIR a build directory with these options (CC and CXX come from the environment). One
# that is there already keeps what it has built.
configure() {
    local dir=$1 options log again=
    shift
    options="${CC-} ${CXX-} $*"
    [ ! -e "$dir/build.ninja" ] || [ "$(cat "$dir/.options" 2>/dev/null)" != "$options" ] || return 0
    [ ! -e "$dir/build.ninja" ] || again=--reconfigure
    say "setting up $dir"
    mkdir -p "$dir"
    log=$dir/setup.log
    meson setup $again -Dwerror=true "$@" "$dir" >"$log" 2>&1 || {
        cat "$log" >&2
        fail "meson could not set up $dir; if it stays so, remove $dir"
    }
    echo "$options" > "$dir/.options"
}

# compiler NAME: through ccache where there is one
compiler() { if command -v ccache >/dev/null; then echo "ccache $1"; else echo "$1"; fi; }

# run_tests DIR LABEL ARGUMENT...: meson test with these arguments, then the sums; fails unless every case has passed. A
# few that have failed run once more with the machine to themselves: their first end stands above with what they said,
# the sums name them as "shaky" if they pass then. More than a few are not chance, and are not asked again. Two tests a
# processor: half of what a test does is waiting for clocks, disks and servers.
run_tests() {
    local dir=$1 label=$2 log=$1/meson-logs/testlog.json first=$1/meson-logs/first.json again
    shift 2
    rm -f "$log" "$first"
    meson test -C "$dir" --no-rebuild --num-processes $((2 * jobs)) --print-errorlogs "$@" || true
    [ -e "$log" ] || fail "meson ran no test in $dir"
    mv "$log" "$first"
    mapfile -t again < <(tools/test-report --failed "$first")
    if [ "${#again[@]}" = 0 ] || [ "${#again[@]}" -gt 4 ]; then
        tools/test-report "$label=$first"
        return
    fi
    say "once more, alone: ${again[*]}"
    meson test -C "$dir" --no-rebuild --num-processes 1 -t 4 --print-errorlogs "${again[@]}" || true
    tools/test-report "$label=$first" "$label=$log"
}
