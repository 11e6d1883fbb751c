"""Finds Rust's own test suites in a library's source tree, and which crates they need besides, at which versions."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portwright.base.errors import Fault, PortwrightError, Where
from portwright.derive.test_plan import CRATES, Suite, TestFacts
from portwright.describe.toolchain import Toolchain

PACKAGES = {"coretests": "core", "alloctests": "alloc", "std": "std"}
COMPARED = ("core", "alloc")
"""The kinds of suites that are built for the host too: what passes there must pass everywhere."""


def gather(toolchain: Toolchain) -> TestFacts:
    """What the plan of the suites is made from; raises where the tree is not one of Rust's."""
    assert toolchain.source is not None
    library = toolchain.source / "library"
    found = suites(library)
    needed = _dev_dependencies(library)
    hosts = tuple(suite for suite in found if suite.kind in COMPARED)
    return TestFacts(found, hosts, manifest(needed), lock(library / "Cargo.lock", needed))


def suites(library: Path) -> tuple[Suite, ...]:
    """Every suite: a package's unit tests, and a binary for each of its `[[test]]`s or files in `tests/`."""
    found: list[Suite] = []
    for package, prefix in PACKAGES.items():
        described = _read(library / package / "Cargo.toml")
        targets = {str(row["name"]): row for row in described.get("test", [])}
        if package == "std":
            # Cargo also takes each file that is not named there.
            named = {str(row["path"]) for row in targets.values()}
            for path in sorted((library / package / "tests").glob("*.rs")):
                if f"tests/{path.name}" not in named:
                    targets[path.stem] = {"path": f"tests/{path.name}"}
            found.append(Suite("std-unit", "std-unit", "std", "std/src/lib.rs"))
        elif described.get("lib", {}).get("test", True):
            found.append(Suite(f"{prefix}-unit", _kind(prefix), package, f"{package}/lib.rs"))
        for name, row in sorted(targets.items()):
            called, crate = prefix if name == package else f"{prefix}-{name}", name.replace("-", "_")
            source, harness = f"{package}/{row['path']}", bool(row.get("harness", True))
            found.append(Suite(called, _kind(prefix), crate, source, harness))
    return tuple(found)


def _kind(prefix: str) -> Any:
    return prefix


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        hint = "the source tree must hold Rust's own tests: `portwright doctor` says which one is used"
        raise PortwrightError(
            [Fault(f"cannot be read: {error}", Where(path), hint, "tests/source")]
        ) from None


def _dev_dependencies(library: Path) -> dict[str, dict[str, Any]]:
    """Crate -> what of it all packages together want."""
    found: dict[str, dict[str, Any]] = {}
    for package in PACKAGES:
        for name, wanted in _read(library / package / "Cargo.toml").get("dev-dependencies", {}).items():
            row = {"version": wanted} if isinstance(wanted, str) else wanted
            if "path" in row or "workspace" in row:
                continue
            known = found.setdefault(
                name, {"version": row["version"], "default-features": False, "features": []}
            )
            known["default-features"] |= row.get("default-features", True)
            known["features"] = sorted({*known["features"], *row.get("features", [])})
    return dict(sorted(found.items()))


def manifest(needed: Mapping[str, Mapping[str, Any]]) -> str:
    """A package that needs these crates and nothing else."""
    text = f'[package]\nname = "{CRATES}"\nversion = "0.0.0"\nedition = "2021"\n\n[workspace]\n\n[dependencies]\n'
    for name, row in needed.items():
        features = ", ".join(f'"{feature}"' for feature in row["features"])
        default = str(row["default-features"]).lower()
        text += f'{name} = {{ version = "{row["version"]}", default-features = {default}, features = [{features}] }}\n'
    return text


def lock(path: Path, needed: Mapping[str, Any]) -> str:
    """The part of the library's lock that these crates reach, as a lock of its own."""
    rows = {str(row["name"]): row for row in _read(path).get("package", [])}
    faults = [
        Fault(f"the library's lock lacks {name}, which its tests need", Where(path), None, "tests/source")
        for name in needed
        if name not in rows
    ]
    if faults:
        raise PortwrightError(faults)
    wanted: set[str] = set()
    todo = list(needed)
    while todo:
        name = todo.pop()
        if name not in wanted:
            wanted.add(name)
            todo += [word.split()[0] for word in rows[name].get("dependencies", [])]
    own = {"name": CRATES, "version": "0.0.0", "dependencies": list(needed)}
    text = "version = 4\n"
    for row in sorted([own, *(rows[name] for name in wanted)], key=lambda row: str(row["name"])):
        text += "\n[[package]]\n"
        text += "".join(
            f'{key} = "{row[key]}"\n' for key in ("name", "version", "source", "checksum") if key in row
        )
        if row.get("dependencies"):
            text += "dependencies = [\n" + "".join(f' "{word}",\n' for word in row["dependencies"]) + "]\n"
    return text
