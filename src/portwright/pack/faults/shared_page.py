"""Segments that share a page, or do not lie in the file as they lie in memory.

## What it is
Two segments in one page of the port (of 4096 bytes where no port is given), or a segment whose place in its page
differs between file and memory.

## Why is this bad?
A page has one set of rights: a loader that maps page by page gives code the rights of data, or overwrites the end of one
segment with the beginning of the next. A file that is not congruent cannot be mapped at all.

## Example
`-z max-page-size=4096` for an OS with pages of 16 KiB; `-N`; a script without alignment between segments.

## What to do
Link with `-z max-page-size=PAGE -z separate-code`, or align the segments in the script.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from portwright.pack.fault import Found, Severity
from portwright.pack.subject import Case


def check(case: Case) -> Iterator[Found]:
    """One finding per pair, and one per segment that cannot be mapped."""
    if case.elf is None or case.program is None or not case.program.runs:
        return
    page = case.port.os.page_size if case.port else 4096
    if page <= 0:
        return
    severity: Severity = "error" if case.port else "warning"
    loads = sorted((s for s in case.elf.loads if s.memory_size), key=lambda s: s.address)
    hint = f"link with -z max-page-size={page} -z separate-code, or align the segments in the script"
    for one, other in pairwise(loads):
        end = one.address + one.memory_size
        if end > other.address:
            what = f"the segments at {one.address:#x} and {other.address:#x} overlap"
            yield Found(what, other.address, "check the linker script")
        elif (end - 1) // page == other.address // page:
            shared = other.address // page * page
            what = f"the segments at {one.address:#x} and {other.address:#x} share the page {shared:#x}"
            same = one.flags == other.flags
            yield Found(what, other.address, hint, "warning" if same else severity)
    for segment in loads:
        if segment.file_size and (segment.address - segment.offset) % page:
            what = f"the segment at {segment.address:#x} lies at {segment.offset:#x} in the file: elsewhere in a page of "
            yield Found(
                f"{what}{page}, so that it cannot be mapped (p_align {segment.alignment:#x})",
                segment.address,
                hint,
                severity,
            )
