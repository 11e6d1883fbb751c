"""What lies in a tree of Rust's own sources: its version, the compiler that builds it, and the crates it brings along."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portwright.base.errors import BadInput, Fault, Where

LOCKS = ("Cargo.lock", "library/Cargo.lock", "src/bootstrap/Cargo.lock")
"""The locks that a build of the compiler goes by."""
CONFIGS = (".cargo/config.toml", ".cargo/config")
MOST_NAMED = 10
"""How many missing crates are named."""


@dataclass(frozen=True, slots=True)
class RustTree:
    """A source tree: the version of Rust in it, that of the compiler which its `src/stage0` names, and its channel."""

    root: Path
    version: str
    stage0: str
    channel: str
    has_llvm: bool

    def builds_with(self, release: str) -> bool:
        """Whether a compiler of that release builds it: of the same version, or of the one before."""
        wanted, given = _minor(self.version), _minor(release)
        return wanted is not None and given in (wanted, wanted - 1)


def _minor(version: str) -> int | None:
    found = re.match(r"1\.(\d+)\b", version)
    return int(found[1]) if found else None


def read(root: Path) -> RustTree:
    """The tree; raises `BadInput` where it is none."""
    hint = "name the folder of Rust's sources in which `x.py` lies"
    if not (root / "x.py").is_file() or not (root / "src" / "bootstrap").is_dir():
        raise BadInput([Fault("these are not the sources of Rust", Where(root), hint, "rust-tree/none")])
    version, stage0 = _line(root / "src" / "version"), _stage0(root / "src" / "stage0")
    if _minor(version) is None:
        raise BadInput(
            [Fault("it says no version of Rust", Where(root / "src" / "version"), hint, "rust-tree/none")]
        )
    channel = _line(root / "src" / "ci" / "channel") or "stable"
    return RustTree(root, version, stage0, channel, (root / "src" / "llvm-project" / "llvm").is_dir())


def _line(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _stage0(path: Path) -> str:
    found = re.search(r"^compiler_version=(\S+)", _line(path), re.MULTILINE)
    return found[1] if found else ""


def vendoring_faults(root: Path) -> Iterator[Fault]:
    """Why its crates cannot be taken from its own `vendor` folder."""
    vendor = root / "vendor"
    if not vendor.is_dir():
        hint = "run `x.py vendor` where there is a network, or take the `rustc-src` archive, which holds it"
        yield Fault("there are no vendored crates", Where(vendor), hint, "rust-tree/vendor")
    yield from _config_faults(root)
    if vendor.is_dir():
        yield from _missing(root, vendor)


def _config_faults(root: Path) -> Iterator[Fault]:
    text = '[source.crates-io]\nreplace-with = "vendored-sources"\n[source.vendored-sources]\ndirectory = "vendor"'
    hint = "write into it: " + text.replace("\n", "; ")
    path = next((root / name for name in CONFIGS if (root / name).is_file()), None)
    if path is None:
        yield Fault(
            "cargo is not told to use vendored crates", Where(root / CONFIGS[0]), hint, "rust-tree/vendor"
        )
        return
    try:
        sources = tomllib.loads(path.read_text()).get("source", {})
        name = sources["crates-io"]["replace-with"]
        folder = root / sources[name]["directory"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        yield Fault(
            "this does not replace crates.io by vendored crates", Where(path), hint, "rust-tree/vendor"
        )
        return
    if not folder.is_dir():
        yield Fault(
            f"the folder of crates that it names is not there: {folder}",
            Where(path),
            hint,
            "rust-tree/vendor",
        )


def _missing(root: Path, vendor: Path) -> Iterator[Fault]:
    """Crates that a lock names and that are not vendored."""
    there = {path.name for path in vendor.iterdir()}
    versions: dict[str, str] = {}
    for name in LOCKS:
        if not (root / name).is_file():
            continue
        try:
            packages = tomllib.loads((root / name).read_text()).get("package", [])
        except (OSError, ValueError) as error:
            yield Fault(f"this is no lock of cargo's: {error}", Where(root / name), None, "rust-tree/lock")
            continue
        wanted = sorted(
            {(p["name"], p["version"]) for p in packages if str(p.get("source", "")).startswith("reg")}
        )
        lost = [
            f"{crate} {version}"
            for crate, version in wanted
            if f"{crate}-{version}" not in there and _version(vendor, crate, there, versions) != version
        ]
        if lost:
            more = f" and {len(lost) - MOST_NAMED} more" if len(lost) > MOST_NAMED else ""
            what = f"crates of it are not vendored: {', '.join(lost[:MOST_NAMED])}{more}"
            hint = "run `x.py vendor` where there is a network: without one cargo refuses the whole lock"
            yield Fault(what, Where(root / name), hint, "rust-tree/vendor")


def _version(vendor: Path, crate: str, there: set[str], known: dict[str, str]) -> str:
    """The version of a crate whose folder does not say it."""
    if crate not in there:
        return ""
    if crate not in known:
        try:
            said: dict[str, Any] = tomllib.loads((vendor / crate / "Cargo.toml").read_text())
            known[crate] = str(said.get("package", {}).get("version", ""))
        except (OSError, ValueError, AttributeError):
            known[crate] = ""
    return known[crate]
