"""Parts that were built by different versions of rustc.

## What it is
Several versions of rustc in one file, or programs of one image or folder built by different ones.

## Why is this bad?
Rust's own calling convention and layouts may change with every version: what is linked or talks in raw structs across the
border reads garbage. In an image it mostly means that only a part was rebuilt.

## Example
relibc rebuilt with a new nightly, the drivers, the bootstrap and the initfs not.

## What to do
Rebuild all of it with one toolchain; `[toolchain] rust` and the lock file pin it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from portwright.pack.fault import Found
from portwright.pack.program import Program
from portwright.pack.subject import Case

SHOWN = 4


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    if case.program is not None:
        versions = _versions(case.program)
        if len(versions) > 1:
            yield Found(f"it holds code by rustc {' and '.join(versions)}", severity="warning")
        return
    by_version: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for member in case.members:
        if member.program is not None and _versions(member.program):
            by_version[_versions(member.program)].append(member.path)
    if len(by_version) < 2:
        return
    most = max(by_version, key=lambda version: len(by_version[version]))
    rows = []
    for version, paths in sorted(by_version.items()):
        if version != most:
            more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
            rows.append(f"{', '.join(paths[:SHOWN])}{more} by {'/'.join(version)}")
    what = f"{len(by_version[most])} of its files are built by rustc {'/'.join(most)}, but {'; '.join(rows)}"
    yield Found(what, severity="warning")


def _versions(program: Program) -> tuple[str, ...]:
    return tuple(sorted({maker.version for maker in program.provenance.of("rustc")}))
