"""A Redox initfs without `bin/init`.

## What it is
There is no file `bin/init` in it, or it is empty.

## Why is this bad?
The bootstrap executes `/scheme/initfs/bin/init` and nothing else: without it, the boot is silent from there on.

## Example
The archiver was given the folder above the right one, so that the file is at `initfs/bin/init`.

## What to do
Pack the folder that has `bin/` in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack.fault import Found
from portwright.pack.subject import Case

FORMAT, INIT = "redox-initfs", b"bin/init"
SCRIPTS = (b"etc/init.rc",)


def check(case: Case) -> Iterator[Found]:
    """At most one finding of the program, one per script."""
    if case.format != FORMAT or case.volume is None:
        return
    node = case.volume.lookup(INIT)
    if node is None:
        others = [
            row.path.decode("utf-8", "replace")
            for row in case.volume.walk()
            if row.path.endswith(b"/" + INIT)
        ]
        elsewhere = f": it is at {', '.join(others[:3])}" if others else ""
        yield Found(f"there is no bin/init in it{elsewhere}")
    elif node.kind == "directory" or not node.size:
        yield Found(f"bin/init is {'a folder' if node.kind == 'directory' else 'empty'}")
    for path in SCRIPTS:
        if case.volume.lookup(path) is None:
            what = f"there is no {path.decode()} in it: init has nothing to start"
            yield Found(what, severity="warning", hint="put the script there that starts the drivers")
