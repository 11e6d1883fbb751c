"""Makes of many files of bitcode one module: linked, its inner names hidden, optimised as at the end of a link. And of a
large module parts, for what comes then."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from portwright.base.files import write_atomic
from portwright.base.processes import which
from portwright.build.llvm_tools import Tools

PART = 700_000
LARGE = 3_000_000
"""Bytes of bitcode of a part, and of a module that is worth it."""
_MANGLED = re.compile(r"_(?:R|ZN)[A-Za-z0-9]")


def merge(tools: Tools, files: Sequence[Path], folder: Path, name: str) -> Path:
    """One module of all files."""
    made, listed = folder / f"{name}.linked.bc", folder / f"{name}.rsp"
    write_atomic(listed, "\n".join(f'"{path}"' for path in files))
    tools.need("llvm-link", ["-o", str(made), f"@{listed}"], f"the bitcode of {name} does not link")
    return made


def visible(tools: Tools, module: Path, entry: str, wanted: Iterable[str]) -> list[str]:
    """The names that something outside of the module may ask for: those that are not Rust's own, the entry, and what
    native code asks for."""
    said = tools.need(
        "llvm-nm", ["--defined-only", "--extern-only", "--just-symbol-name", str(module)], "llvm-nm"
    )
    named = {entry, *wanted}
    return sorted(name for name in said.text.split() if name in named or not _MANGLED.match(name))


def optimise(
    tools: Tools, module: Path, level: int, keep: Sequence[str], settled: Sequence[str] = ()
) -> Path:
    """Hide all names but those to keep, drop what nothing uses, and optimise; `settled` are further words for `opt`."""
    made, names = module.with_suffix(".opt.bc"), module.with_suffix(".names")
    write_atomic(names, "\n".join(keep) + "\n")
    passes = "internalize,globaldce" + (f",lto<O{level}>" if level else "")
    argv = [
        f"-passes={passes}",
        f"-internalize-public-api-file={names}",
        *settled,
        str(module),
        "-o",
        str(made),
    ]
    tools.need("opt", argv, "opt failed")
    return made


def splitter(tools: Tools) -> Path | None:
    """`llvm-split` beside the other tools; where there is none, large modules stay whole."""
    linker = Path(tools.paths["llvm-link"])
    return which(str(linker.with_name(linker.name.replace("llvm-link", "llvm-split"))))


def split(tools: Tools, module: Path) -> list[Path]:
    """The parts of a module, or only itself: names that are its own are hidden from others but not from its parts."""
    size, program = module.stat().st_size, splitter(tools)
    if size < LARGE or program is None:
        return [module]
    count = size // PART
    # No dots: what is made of a part is named by what comes before the last.
    begun = str(module.with_name(f"{module.name.replace('.', '-')}-part"))
    own = Tools({"llvm-split": str(program)}, tools.patience)
    own.need("llvm-split", ["-j", str(count), str(module), "-o", begun], "a module cannot be split")
    return [Path(f"{begun}{number}") for number in range(count)]
