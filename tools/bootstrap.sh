#!/bin/sh
# Finds a Python that is new enough (on Debian as root: installs one) and hands over to bootstrap.py.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

look() {
    for name in ${PYTHON:+"$PYTHON"} python3 /usr/bin/python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null 2>&1 && fits "$name"; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

if ! python=$(look); then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "setup: no Python 3.11 or newer: installing Debian's" >&2
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq </dev/null || echo "setup: some package sources could not be read" >&2
        apt-get install -y -qq --no-install-recommends python3 python3-venv </dev/null >&2
    fi
    if ! python=$(look); then
        echo "setup: portwright needs Python 3.11 or newer; name one with: make setup PYTHON=/path/to/python3" >&2
        exit 2
    fi
fi
exec "$python" "$here/bootstrap.py" "$@"
