"""Finds what a build plan is made from: the toolchain, the whole target spec, and the hashes of all sources."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from portwright.base import rooms
from portwright.base.errors import BadInput, Fault, Where
from portwright.base.hashing import hash_file, hash_tree, hash_value
from portwright.build import own_step
from portwright.derive.build_plan import Crate, Facts
from portwright.describe import rustc_facts, spec
from portwright.describe import toolchain as toolchains
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain

# What another file can bring into a build without a word in Cargo.toml.
_ELSEWHERE = re.compile(
    r"^\s*(?:mod\s+\w+\s*;|pub(?:\([^)]*\))?\s+mod\s+\w+\s*;|#\[path)|\binclude(?:_str|_bytes)?!", re.M
)
_NOT_CLOSED = re.compile(r"^\s*(?:path\s*=|\[.*workspace|.*\bpath\s*=|.*\bworkspace\s*=)", re.M)
_DEPENDENCIES = re.compile(r"^\s*\[.*dependencies", re.M)


def gather(port: Port, toolchain: Toolchain | None = None, crates: Sequence[Crate] | None = None) -> Facts:
    """The facts for a port's plan; `crates` are its programs where nothing else is given."""
    from portwright.derive.std_edits import edits

    found = toolchain or toolchains.find(rust=port.manifest.toolchain.rust)
    return Facts(
        toolchain=found,
        spec=spec.load_spec(port, rustc_facts.load(found)).keys,
        edits=edits(port),
        source_digest=source_digest(found),
        fingerprints={name: own_step.fingerprint(name) for name in rooms.names(own_step.ROOM)},
        crates=programs(port) if crates is None else crates,
    )


def source_digest(toolchain: Toolchain) -> str:
    """The hash of std's sources and of the vendored crates that they need."""
    assert toolchain.source is not None and toolchain.vendor is not None
    library = toolchain.source / "library"
    digest = hash_tree(library)
    return (
        digest
        if toolchain.vendor.is_relative_to(library)
        else hash_value([digest, hash_tree(toolchain.vendor)])
    )


def programs(port: Port) -> tuple[Crate, ...]:
    """The port's programs; raises `BadInput` for each that is not there."""
    faults: list[Fault] = []
    found: list[Crate] = []
    for index, program in enumerate(port.manifest.program):
        path = port.folder / program.path
        if (path / "Cargo.toml").is_file() or (path.suffix == ".rs" and path.is_file()):
            found.append(Crate(program.name, path, digest(path)))
        else:
            what = f"the program `{program.name}` is not there: {path} is no Cargo package and no .rs file"
            faults.append(Fault(what, port.places("program", index, "path"), None, "program/missing"))
    if faults:
        raise BadInput(faults)
    return tuple(found)


def crate(path: Path) -> Crate:
    """A crate of the user's: a folder with a Cargo.toml, that file itself, or a `.rs` file."""
    whole = path.absolute()
    if whole.name == "Cargo.toml":
        whole = whole.parent
    if not ((whole / "Cargo.toml").is_file() or (whole.suffix == ".rs" and whole.is_file())):
        hint = "give a `.rs` file or a folder with a Cargo.toml"
        raise BadInput([Fault("this is nothing that Rust can build", Where(path), hint, "crate/unknown")])
    caller = {name: os.environ[name] for name in ("CARGO_HOME",) if name in os.environ}
    name = re.sub(r"[^A-Za-z0-9_-]", "_", whole.stem if whole.suffix == ".rs" else whole.name)
    return Crate(name, whole, digest(whole), own=True, environment=caller)


def digest(path: Path) -> str | None:
    """The hash of all that a build of the crate reads; None where only cargo (or rustc) can tell what that is."""
    if path.suffix == ".rs":
        text = path.read_text(encoding="utf-8", errors="replace")
        return None if _ELSEWHERE.search(text) else hash_file(path)
    manifest = (path / "Cargo.toml").read_text(encoding="utf-8", errors="replace")
    if _NOT_CLOSED.search(manifest) or (path / "build.rs").exists() or _in_workspace(path):
        return None
    if _DEPENDENCIES.search(manifest) and not (path / "Cargo.lock").is_file():
        return None
    # Cargo writes a lock file where there is none; without dependencies it says nothing.
    ignored = {"target", ".git"} if _DEPENDENCIES.search(manifest) else {"target", ".git", "Cargo.lock"}
    return hash_tree(path, keep=lambda name: name.split("/")[0] not in ignored)


def _in_workspace(path: Path) -> bool:
    """Whether a Cargo.toml above makes the package part of a workspace."""
    for parent in path.parents:
        try:
            if "[workspace" in (parent / "Cargo.toml").read_text(encoding="utf-8", errors="replace"):
                return True
        except OSError:
            continue
    return False
