"""Segments that share a page of the OS.

## What it does
Holds the linker's `max-page-size` (its argument, or its default for the CPU) against `[os] page-size`.

## Why is this bad?
A linker that believes in smaller pages puts code and data of different permissions into one page of the OS:
the loader refuses the program, or gives one of them the wrong permission.

## Example
`-z max-page-size=4096` on an OS with pages of 8192 bytes.

## Since
All versions of rustc.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from portwright.describe.rule import Finding
from portwright.describe.spec_case import Case

# What LLD and GNU ld align to where nobody says otherwise (the smaller of the two where they differ).
DEFAULT: Mapping[str, int] = {
    "x86": 4096,
    "x86_64": 4096,
    "riscv32": 4096,
    "riscv64": 4096,
    "m68k": 8192,
    "arm": 65536,
    "aarch64": 65536,
    "loongarch64": 65536,
    "powerpc": 65536,
    "powerpc64": 65536,
    "mips": 65536,
    "mips64": 65536,
}
ARGUMENT = re.compile(r"max-page-size=(0[xX][0-9a-fA-F]{1,12}|[0-9]{1,12})$")


def check(case: Case) -> Iterator[Finding]:
    """One finding per argument that is too small, or one for a default that is."""
    # A page size that is none is the port's own fault, told of by its check.
    if case.os is None or case.os.page_size <= 0:
        return
    page = case.os.page_size
    said = [
        (arg, int(found[1], 0 if "x" in found[1].lower() else 10))
        for arg in case.link_args()
        if (found := ARGUMENT.search(arg.text))
    ]
    for arg, size in said:
        if size < page or size % page:
            what = f"the linker is told pages of {size} bytes, and the OS's pages are of {page}"
            yield Finding(what, arg.place, f"write max-page-size={page}")
    default = DEFAULT.get(case.text("arch"))
    if not said and default is not None and default < page:
        what = f"linkers align to {default} bytes for `{case.text('arch')}`, and the OS's pages are of {page}"
        hint = f'add "-z", "max-page-size={page}" to `pre-link-args` (behind `-Wl,` for a C compiler)'
        yield Finding(what, ("pre-link-args",), hint)
