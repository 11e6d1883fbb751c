"""Finds what a build plan is made from: the toolchain, the whole target spec, and the hashes of all sources."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from portwright.base import rooms
from portwright.base.errors import BadInput, Fault, Where, raise_if
from portwright.base.hashing import hash_file, hash_tree, hash_value
from portwright.build import backend_facts, crate_digest, image_facts, own_step
from portwright.derive.build_plan import Crate, Facts
from portwright.derive.freestanding_plan import Link
from portwright.describe import rustc_facts, spec, utility
from portwright.describe import toolchain as toolchains
from portwright.describe.port import Port, Program
from portwright.describe.toolchain import Toolchain


def gather(
    port: Port,
    toolchain: Toolchain | None = None,
    crates: Sequence[Crate] | None = None,
    *,
    images: bool = False,
) -> Facts:
    """The facts for a port's plan; `crates` are its programs where nothing else is given. `images`: of these too."""
    from portwright.derive.std_edits import edits, needs_thread_local

    found = toolchain or toolchains.find(rust=port.manifest.toolchain.rust)
    keys = dict(spec.load_spec(port, rustc_facts.load(found)).keys)
    if port.abi is not None and not needs_thread_local(port):
        # A second ledger may offer less than the one for which port.toml was written.
        keys["has-thread-local"] = False
    digest = source_digest(found)
    return Facts(
        toolchain=found,
        spec=keys,
        edits=edits(port) if port.abi is not None else (),
        source_digest=digest,
        fingerprints={name: own_step.fingerprint(name) for name in rooms.names(own_step.ROOM)},
        crates=programs(port) if crates is None else crates,
        images=image_facts.gather(port, found, digest) if images else None,
        backend=backend_facts.gather(port, found),
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
    """The port's programs, for the host too where they are compared with it; raises `BadInput` for each that is
    not there."""
    found: list[Crate] = []
    raise_if(
        Fault(what, port.program_place(program.name, key), hint, "program/missing")
        for program in port.manifest.program
        for key, what, hint in program.missing(port.folder)
    )
    for program in port.manifest.program:
        path = port.folder / program.path
        link = _link(port, program) if program.freestanding else None
        found.append(Crate(program.name, path, crate_digest.digest(path), link=link))
        if program.expect.host:
            found.append(Crate(program.name, path, found[-1].digest, host=True))
    return tuple(found)


def _link(port: Port, program: Program) -> Link:
    """How a freestanding program is linked."""
    if program.link_script is None:
        return Link()
    script = port.folder / program.link_script
    return Link(script, hash_file(script))


def utilities(port: Port) -> tuple[Crate, ...]:
    """The programs that Rust's own tests start, where the port can start any."""
    folder = utility.folder()
    found = utility.utilities(port.ledger)
    return tuple(
        Crate(each.name, folder / each.path, crate_digest.digest(folder / each.path)) for each in found
    )


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
    single = whole.suffix == ".rs"
    # Cargo reads configuration above the package and in its home, too: then only cargo knows what counts.
    digest = None if not single and _configured_elsewhere(whole) else crate_digest.digest(whole)
    return Crate(name, whole, digest, own=True, environment=caller)


def _configured_elsewhere(package: Path) -> bool:
    home = Path(os.environ.get("CARGO_HOME") or Path(os.environ.get("HOME") or "/") / ".cargo")
    folders = [*(parent / ".cargo" for parent in package.parents), home]
    return any((folder / name).is_file() for folder in folders for name in ("config", "config.toml"))
