"""Two copies of a runtime in one program.

## What it is
Symbols of one runtime crate (std, core, alloc, a panic runtime, redox_rt, relibc) with different disambiguators, or
functions that can exist only once at two addresses.

## Why is this bad?
Each copy has statics of its own: what one of them registers, the other does not know. `-z muldefs` hides the linker's
complaint. A daemon with two copies of its runtime asked the copy that was never set up, and never forked.

## Example
relibc with redox_rt inside, and a program that depends on the crate redox-rt too, linked with `-z muldefs`.

## What to do
Link without `-z muldefs` and read what the linker says; take the crate from one place only, in one version.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from portwright.base.demangle import crate_of, demangle
from portwright.formats import elf as elves
from portwright.formats.elf import Symbol
from portwright.pack.fault import Found
from portwright.pack.subject import Case, defined

RUNTIMES = (
    *("std", "core", "alloc", "__rustc", "compiler_builtins", "panic_abort", "panic_unwind", "unwind"),
    *("redox_rt", "relibc", "libredox"),
)
ONCE = ("_start", "rust_begin_unwind", "rust_panic", "rust_eh_personality", "__rust_start_panic", "main")
LEGACY_ONCE = (
    "std::rt::lang_start_internal",
    "std::panicking::rust_panic_with_hook",
    "core::panicking::panic_fmt",
    "alloc::alloc::handle_alloc_error",
)
REPEATED = 3  # so many paths twice are no instances of something generic
HASH = re.compile(r"17h([0-9a-f]{16})E")


def check(case: Case) -> Iterator[Found]:
    """One finding per crate, one per function."""
    program = case.program
    if case.reading is None or program is None or not (program.runs or program.soname):
        return
    symbols = defined(case.reading.symbols)
    copies: dict[str, dict[str, Symbol]] = defaultdict(dict)
    for symbol in symbols:
        crate = crate_of(symbol.name)
        if crate is not None and crate[0] in RUNTIMES:
            copies[crate[0]].setdefault(crate[1], symbol)
    for name, twice in _legacy(symbols):
        copies[name].update(twice)
    for name, found in sorted(copies.items()):
        if len(found) > 1:
            examples = ", ".join(demangle(symbol.name) for symbol in list(found.values())[:2])
            marks = " and ".join(sorted(found))
            what = f"{len(found)} copies of the crate {name} are in it ({marks}): {examples}"
            yield Found(what, min(symbol.value for symbol in found.values()))
    for name in ONCE:
        places = sorted({symbol.value for symbol in symbols if symbol.name == name and symbol.kind in (0, 2)})
        if len(places) > 1:
            yield Found(
                f"{name} is in it {len(places)} times: {', '.join(f'{place:#x}' for place in places)}",
                places[1],
            )


def _legacy(symbols: Iterable[Symbol]) -> Iterator[tuple[str, dict[str, Symbol]]]:
    """(crate, its copies) as far as the old mangling tells: by what no generic function can explain."""
    paths: dict[str, dict[str, dict[str, Symbol]]] = defaultdict(lambda: defaultdict(dict))
    for symbol in symbols:
        found = HASH.search(symbol.name) if symbol.name.startswith("_ZN") else None
        if found is None:
            continue
        path = demangle(symbol.name)
        crate = path.partition("::")[0]
        single = path in LEGACY_ONCE or (
            crate in RUNTIMES and symbol.kind in (elves.STT_OBJECT, elves.STT_TLS)
        )
        if single or crate in RUNTIMES[8:]:
            paths[crate][path][found[1]] = symbol
    for crate, by_path in paths.items():
        twice = [copies for path, copies in by_path.items() if len(copies) > 1]
        sure = any(path in LEGACY_ONCE for path, copies in by_path.items() if len(copies) > 1)
        if sure or len(twice) >= REPEATED:
            yield crate, twice[0]
