"""Open rooms: a package folder whose every module is one entry, found by its file name.

`veridian-enum` is the entry in `veridian_enum.py`. Asking for an entry that is not there says which file to add.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
from functools import cache
from pathlib import Path
from types import ModuleType

from portwright.base.errors import BadInput, Fault, closest


def module_name(entry: str) -> str:
    """The module name of an entry (`redox-initfs` -> `redox_initfs`)."""
    return entry.replace("-", "_")


def entry_name(module: str) -> str:
    """The entry name of a module (`redox_initfs` -> `redox-initfs`)."""
    return module.replace("_", "-")


@cache
def names(room: str) -> tuple[str, ...]:
    """The sorted names of a room's entries; `room` is its package, for example `portwright.describe.rules`.

    A package within it is no entry: it holds parts of entries that are larger than one file.
    """
    modules = pkgutil.iter_modules(importlib.import_module(room).__path__)
    found = (info.name for info in modules if not info.name.startswith("_") and not info.ispkg)
    return tuple(sorted(entry_name(name) for name in found))


def load(room: str, entry: str) -> ModuleType:
    """The module of one entry. Raises `BadInput` naming the file to add where there is none."""
    if entry not in names(room):
        folder = room.replace(".", "/")
        near = closest(entry, names(room))
        hint = f"did you mean `{near}`? " if near else ""
        hint += f"to add it, write src/{folder}/{module_name(entry)}.py; there are: {', '.join(names(room))}"
        raise BadInput([Fault(f"no entry `{entry}` in {folder}/", None, hint, "room/unknown-entry")])
    return importlib.import_module(f"{room}.{module_name(entry)}")


def load_all(room: str) -> dict[str, ModuleType]:
    """Every entry of a room, by name."""
    return {name: load(room, name) for name in names(room)}


def docstring(room: str, entry: str) -> str:
    """The docstring with which an entry's file begins, without importing it; empty where it begins otherwise."""
    spec = importlib.util.find_spec(f"{room}.{module_name(entry)}")
    if spec is None or spec.origin is None:
        return ""
    found = re.match(r'"""(.*?)"""', Path(spec.origin).read_text(encoding="utf-8"), re.DOTALL)
    return found[1] if found else ""
