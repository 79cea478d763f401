#!/bin/sh
# Makes .venv when there is none and installs a hashed lock file into it: tools/install.sh LOCK
set -eu
lock=$1
python=.venv/bin/python

suitable() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if suitable "$name"; then
            echo "$name"
            return
        fi
    done
}

stop() {
    echo "$1" >&2
    exit 1
}

make_venv() {
    base=$(find_python)
    echo "Making .venv"
    if command -v uv >/dev/null; then
        # uv needs no ensurepip, and fetches an interpreter where none is new enough.
        uv venv --quiet --clear --python "${base:->=3.11}" .venv && return
    fi
    [ -n "$base" ] || stop "Vigie needs Python 3.11 or newer: install it, then run this again."
    "$base" -m venv --clear .venv >/dev/null 2>&1 && return
    # Debian keeps venv in a package of its own; pip of the system can do without it.
    if "$base" -m pip --version >/dev/null 2>&1 && "$base" -m venv --clear --without-pip .venv; then
        "$base" -m pip --python "$python" install --quiet pip && return
    fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing Debian's python3-venv"
        apt-get update -qq && apt-get install -qq -y python3-venv >/dev/null
        "$base" -m venv --clear .venv && return
    fi
    rm -rf .venv
    stop "Python's venv is incomplete here: install it (Debian, Ubuntu: apt install python3-venv), then run this again."
}

# A virtual environment that was moved, or whose interpreter is gone, is made anew.
suitable "$python" && "$python" -c 'import sys; sys.exit(sys.prefix == sys.base_prefix)' || make_venv

# uv installs in seconds what takes pip half a minute; pip does as well with the same file.
if command -v uv >/dev/null; then
    uv=uv
else
    [ -x .venv/bin/uv ] || timeout 60 "$python" -m pip install --quiet --disable-pip-version-check \
        --only-binary :all: --require-hashes -r tools/requirements-uv.lock >/dev/null 2>&1 || true
    uv=$(command -v .venv/bin/uv || true)
fi

echo "Installing $lock"
if [ -n "$uv" ]; then
    # The system's certificates, as pip does: networks with a proxy of their own need them.
    UV_SYSTEM_CERTS=1 "$uv" pip install --quiet --python "$python" --require-hashes -r "$lock" && exit
    echo "uv could not: pip tries" >&2
fi
"$python" -m pip --version >/dev/null 2>&1 || "$python" -m ensurepip >/dev/null
exec "$python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
