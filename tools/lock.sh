#!/bin/sh
# Writes requirements.lock anew: the dependencies of pyproject.toml, its extra `dev`, and what builds it.
set -eu
cd "$(dirname -- "$0")/.."
command -v uv >/dev/null || { echo "lock: needs uv (pip install uv)" >&2; exit 2; }
{
    echo '# Exact versions of everything that portwright, its tests and its build need, with the hashes of their files.'
    echo '# Write it anew with `make lock` after a change of the dependencies in pyproject.toml.'
    printf 'hatchling>=1.26\neditables\n' |
        uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
            --no-emit-index-url --quiet --extra dev pyproject.toml -
} >requirements.lock.new
mv requirements.lock.new requirements.lock
