"""Two allocators of one kind in one program.

## What it is
The functions of an allocator (`malloc`, `__rust_alloc`, Rust's default allocator) at two addresses, or two copies of an
allocator's crate.

## Why is this bad?
What one of them gave, the other cannot take back: memory that is freed by the wrong one corrupts both, long after.

## Example
A program that has a `#[global_allocator]` of its own and links a libc.a that brings another copy of the same crate.

## What to do
Let one library bring the allocator; link without `-z muldefs` and read what the linker says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from portwright.base.demangle import crate_of, demangle
from portwright.pack.fault import Found
from portwright.pack.subject import Case, defined

FUNCTIONS = ("malloc", "__rust_alloc", "__rdl_alloc", "__rg_alloc")
CRATES = ("dlmalloc", "ralloc", "linked_list_allocator", "talc", "wee_alloc", "buddy_system_allocator")


def check(case: Case) -> Iterator[Found]:
    """One finding per allocator."""
    program = case.program
    if case.reading is None or program is None or not (program.runs or program.soname):
        return
    places: dict[str, set[int]] = defaultdict(set)
    copies: dict[str, set[str]] = defaultdict(set)
    for symbol in defined(case.reading.symbols):
        crate = crate_of(symbol.name)
        if crate is not None and crate[0] in CRATES:
            copies[crate[0]].add(crate[1])
        if symbol.name.endswith(FUNCTIONS) and symbol.kind in (0, 2):
            name = demangle(symbol.name).removeprefix("__rustc::")
            if name in FUNCTIONS:
                places[name].add(symbol.value)
    for name, found in sorted(places.items()):
        if len(found) > 1:
            where = ", ".join(f"{place:#x}" for place in sorted(found))
            yield Found(f"{name} is in it {len(found)} times: {where}", min(found))
    for name, marks in sorted(copies.items()):
        if len(marks) > 1:
            yield Found(
                f"{len(marks)} copies of the allocator {name} are in it ({' and '.join(sorted(marks))})"
            )
