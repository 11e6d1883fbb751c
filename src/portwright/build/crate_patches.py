"""Crates of the registry that must know the OS, patched for a port: a folder of each, and what cargo must be told.

The source is the one that cargo has fetched for the package; it is left as it is. The folder is named by what it is
made from, so that it is made once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portwright.base import rooms
from portwright.base.errors import BadInput, Fault
from portwright.base.files import cache_root, lock
from portwright.base.hashing import hash_tree, hash_value
from portwright.base.processes import check, environment, run
from portwright.build import view
from portwright.derive.edit import Edit, to_json
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain

ROOM = "portwright.derive.crates"


@dataclass(frozen=True, slots=True)
class Patched:
    """One crate as the port needs it."""

    name: str
    version: str
    folder: Path


def packages(folder: Path, toolchain: Toolchain, variables: Mapping[str, str | None]) -> list[dict[str, Any]]:
    """Every package that a Cargo package is built from, as `cargo metadata` describes them (for any target).

    Fetches what is missing; raises `StepFailed` with cargo's words where it cannot.
    """
    argv = [
        str(toolchain.cargo),
        "metadata",
        "--format-version=1",
        "--manifest-path",
        str(folder / "Cargo.toml"),
    ]
    env = environment({**toolchain.variables(), **variables, "RUSTC": str(toolchain.rustc)})
    answer = check(run(argv, cwd=folder, env=env), what="cargo metadata", cwd=folder)
    rows: list[dict[str, Any]] = json.loads(answer.text)["packages"]
    return rows


def patches(port: Port, rows: list[dict[str, Any]]) -> tuple[Patched, ...]:
    """A patched folder for each package that must know the OS; raises `BadInput` where an edit finds no place."""
    found: list[Patched] = []
    faults: list[Fault] = []
    for row in rows:
        if row["source"] is None or row["name"] not in rooms.names(ROOM):
            continue  # one's own, or none of ours
        entry = rooms.load(ROOM, row["name"])
        series = next((each for each in entry.SERIES if f"{row['version']}.".startswith(f"{each}.")), None)
        if series is None:
            continue  # another series: what it lacks, it will say itself
        try:
            found.append(_patched(row, entry.edits(port, series)))
        except BadInput as error:
            faults += error.faults
    if faults:
        raise BadInput(faults)
    return tuple(found)


def _patched(row: Mapping[str, Any], edits: tuple[Edit, ...]) -> Patched:
    source = Path(row["manifest_path"]).parent
    key = hash_value([row["name"], row["version"], hash_tree(source), to_json(edits)])[:16]
    folder = cache_root() / "crates" / f"{row['name']}-{row['version']}-{key}"
    with lock(cache_root() / "crates" / ".lock"):
        try:
            view.make_view(source, edits, folder)
        except BadInput as error:
            name = f"{row['name']} {row['version']}"
            places = [
                Fault(f"{name}: {fault.what}", fault.where, fault.hint, fault.code) for fault in error.faults
            ]
            raise BadInput(places) from None
    return Patched(str(row["name"]), str(row["version"]), folder)


def config(patched: tuple[Patched, ...]) -> Iterator[str]:
    """Arguments for cargo that put the folders in the place of the registry's crates; several of one name may be."""
    for each in patched:
        alias = f"{each.name}-{each.version}".replace(".", "-").replace("+", "-")
        for key, value in (("package", each.name), ("path", str(each.folder))):
            yield "--config"
            yield f"patch.crates-io.{alias}.{key}={json.dumps(value)}"
