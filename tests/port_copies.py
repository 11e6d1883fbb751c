"""Copies of bundled ports for tests that change them, with the programs that ports share beside them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomlkit

from portwright.base.files import cache_root, lock, write_atomic
from portwright.describe import port as ports


def copied(name: str, folder: Path, *left_out: str) -> Path:
    """A port's folder, copied; `left_out` are patterns of names."""
    shutil.copytree(ports.find(name), folder, ignore=shutil.ignore_patterns(*left_out))
    shared = folder.parent / "programs"
    if not shared.exists():
        shutil.copytree(ports.bundled_folder() / "programs", shared, ignore=shutil.ignore_patterns("target"))
    return folder


def quick(name: str, ledgers: Path | None = None) -> Path:
    """A copy of a bundled port whose std is built without optimisation, in half the time of the one that ships.

    It stays at one place, so that it is built once in a run; ports of one target share core, which the build of one
    takes over from the other. `ledgers`: a folder whose ledgers it has in place of the bundled one.
    """
    source = ports.find(name)
    folder = cache_root() / "test-ports" / (ledgers.name if ledgers is not None else name)
    manifest: Any = tomlkit.parse((source / "port.toml").read_text())
    manifest.setdefault("std", tomlkit.table())["optimize"] = "0"
    if "programs" in manifest:
        manifest["programs"]["from"] = str(source / manifest["programs"]["from"])
    write_atomic(folder / "port.toml", tomlkit.dumps(manifest))
    for file in (ledgers or source).glob("abi*.toml"):
        write_atomic(folder / file.name, file.read_bytes())
    own = (each for each in (source / "programs").rglob("*") if each.is_file() and "target" not in each.parts)
    for file in (*source.glob("expected*.toml"), *own):
        write_atomic(folder / file.relative_to(source), file.read_bytes())
    return folder


@contextmanager
def one_at_a_time(port: ports.Port) -> Iterator[None]:
    """Hold off other tests' builds of ports of this target: the second then takes core over from the first, instead
    of building it at the same time."""
    with lock(cache_root() / "test-ports" / f".{port.target}.lock"):
        yield
