"""Makes of many files of bitcode one module: linked, its inner names hidden, optimised as at the end of a link."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from portwright.base.files import write_atomic
from portwright.build.llvm_tools import Tools

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
