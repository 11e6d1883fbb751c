"""Keeps the objects that were made of modules, by all that went into them, and the reports of finished programs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from portwright.base import typed
from portwright.base.files import cache_root, folder_atomic, lock, write_atomic
from portwright.base.hashing import hash_file, hash_value
from portwright.build.backends import Fallback, Report

OBJECT, ASSEMBLY, SAID = "module.o", "module.s", "said.json"


@dataclass(frozen=True)
class Made:
    """An object with its assembly, and what was mended and done otherwise on the way."""

    object: Path
    assembly: Path
    errata: Mapping[str, int]
    fallbacks: tuple[Fallback, ...]
    reused: bool = False


def key(parts: Sequence[Any], files: Sequence[Path]) -> str:
    """The name of what is made of these files in this way."""
    return hash_value([*parts, [hash_file(path) for path in files]])


def made(root: Path, name: str, make: Callable[[Path], tuple[Mapping[str, int], Sequence[Fallback]]]) -> Made:
    """What is kept under a name; `make` writes object and assembly into a folder where nothing is."""
    folder = root / "modules" / name[:2] / name
    with lock(root / "locks" / name[:2]):
        found = _kept(folder)
        if found is not None:
            return found
        for left in folder.parent.glob(".new-*"):  # of one that was killed: only who has the lock makes any
            shutil.rmtree(left, ignore_errors=True)
        with folder_atomic(folder) as fresh:
            errata, fallbacks = make(fresh)
            said = {"errata": dict(errata), "fallbacks": [asdict(row) for row in fallbacks]}
            write_atomic(fresh / SAID, json.dumps(said, indent=1, sort_keys=True))
    return Made(folder / OBJECT, folder / ASSEMBLY, errata, tuple(fallbacks))


def _kept(folder: Path) -> Made | None:
    try:
        said = json.loads((folder / SAID).read_text())
        fallbacks = tuple(Fallback(**row) for row in said["fallbacks"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    ready = (folder / OBJECT).is_file()
    return Made(folder / OBJECT, folder / ASSEMBLY, said["errata"], fallbacks, reused=True) if ready else None


def write_report(root: Path, program: Path, report: Report) -> None:
    """Keep the report of a program under the hash of its content, by which `report_of` finds it wherever it lies."""
    write_atomic(root / "reports" / f"{hash_file(program)}.json", json.dumps(asdict(report), indent=1))


def report_of(program: Path) -> Report | None:
    """What a backend said of a program when it made it; None where no backend made it, or that is long ago."""
    try:
        text = (cache_root() / "backend" / "reports" / f"{hash_file(program)}.json").read_text()
        value = json.loads(text)
    except (OSError, ValueError):
        return None
    return typed.read(Report, value, [])


def forget(root: Path) -> None:
    """Forget all modules."""
    shutil.rmtree(root / "modules", ignore_errors=True)
