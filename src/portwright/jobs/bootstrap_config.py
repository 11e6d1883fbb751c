"""Write a bootstrap.toml with which Rust builds itself without a network, from sources that may be read-only.

Checks first what such a build needs: vendored crates (each that the locks name), a compiler and a cargo of the version
that the sources want, a folder for the build that can be written and is none of the sources'. All faults come at once.
What the build then does, `portwright record` takes down; the command is shown.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base import processes
from portwright.base.errors import Fault, MissingTool, Where, raise_if
from portwright.base.events import Event, Note
from portwright.base.files import write_made
from portwright.derive import bootstrap_toml
from portwright.describe import compiler, rust_tree
from portwright.describe.compiler import Identity
from portwright.describe.rust_tree import RustTree
from portwright.jobs import Arg

VERB = "bootstrap config"
PYTHON = "python3"


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright bootstrap config` can be told."""

    source: Annotated[Path, Arg("Rust's sources: the folder of `x.py`.", positional=True)]
    build: Annotated[Path, Arg("The folder in which is built; it need not be there.", metavar="DIR")]
    output: Annotated[Path, Arg("The file to write.", short="o", metavar="FILE")] = Path("bootstrap.toml")
    rustc: Annotated[Path | None, Arg("The compiler of stage 0 (else one on PATH, or of rustup's).")] = None
    cargo: Annotated[Path | None, Arg("Its cargo (else the one beside it, or on PATH).")] = None
    llvm_config: Annotated[Path | None, Arg("An LLVM to build with; `x.py check` needs none.")] = None


@dataclass(frozen=True, slots=True)
class Result:
    """The file, what it says, and the command that records a check of the compiler with it."""

    file: Path
    changed: bool
    version: str
    rustc: Path
    release: str
    cargo: Path
    build: Path
    command: tuple[str, ...]

    @property
    def status(self) -> int:
        """Always 0: what is missing is an error."""
        return 0


@dataclass(slots=True)
class _Stage0:
    """What builds the first stage, as far as it was found."""

    rustc: Path | None = None
    identity: Identity | None = None
    cargo: Path | None = None


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Look at everything, and write the file where nothing is missing."""
    source, build = Path(os.path.abspath(arguments.source)), Path(os.path.abspath(arguments.build))  # noqa: PTH100
    tree = rust_tree.read(source)
    stage0 = _Stage0()
    faults = [
        *rust_tree.vendoring_faults(source),
        *_compiler_faults(arguments, tree, stage0),
        *_build_faults(source, build),
        *_tool_faults(arguments),
    ]
    raise_if(faults)
    assert stage0.rustc is not None and stage0.identity is not None and stage0.cargo is not None
    if tree.stage0 and not stage0.identity.version.startswith(tree.stage0):
        yield Note(
            f"stage 0 is Rust {stage0.identity.version}; the sources are made with {tree.stage0}", "warning"
        )
    if not tree.has_llvm and arguments.llvm_config is None:
        yield Note("the sources hold no LLVM: `x.py check` works, and what makes code needs --llvm-config")
    choices = bootstrap_toml.Choices(
        stage0.identity.host, build, stage0.rustc, stage0.cargo, tree.channel, arguments.llvm_config
    )
    changed = write_made(arguments.output, bootstrap_toml.text(choices), bootstrap_toml.MARK)
    file = arguments.output.absolute()
    rust = (PYTHON, str(source / "x.py"), "check", "compiler", "--config", str(file))
    record = (
        "portwright",
        "record",
        "--source",
        str(source),
        "--out",
        str(build),
        "-o",
        "rust.json",
        "--",
        *rust,
    )
    return Result(
        file, changed, tree.version, stage0.rustc, stage0.identity.version, stage0.cargo, build, record
    )


def _compiler_faults(arguments: Arguments, tree: RustTree, found: _Stage0) -> Iterator[Fault]:
    """Finds rustc and cargo, or says why none will do."""
    seen: dict[str, None] = {}
    for rustc in (arguments.rustc,) if arguments.rustc is not None else _compilers():
        try:
            identity = compiler.ask(rustc, {})
        except MissingTool as error:
            if arguments.rustc is not None:
                yield error.faults[0]
                return
            continue
        # Not a proxy of rustup's, which may be told to be another one.
        own = identity.sysroot / "bin" / "rustc"
        if tree.builds_with(identity.version):
            found.rustc, found.identity = own if own.is_file() else rustc, identity
            break
        seen[f"{own if own.is_file() else rustc} is {identity.version}"] = None
    if found.identity is None or found.rustc is None:
        wanted = f"Rust {tree.version} is built by a rustc of the same version or of the one before"
        there = f"; {', '.join(seen)}" if seen else ""
        hint = f"rustup toolchain install {tree.stage0 or tree.version}, or give one with --rustc"
        yield Fault(f"{wanted}{there or ', and there is none'}", None, hint, "bootstrap-config/rustc")
        return
    yield from _cargo_faults(arguments, tree, found)


def _cargo_faults(arguments: Arguments, tree: RustTree, found: _Stage0) -> Iterator[Fault]:
    assert found.rustc is not None
    beside = found.rustc.with_name("cargo")
    cargo = arguments.cargo or (beside if beside.is_file() else processes.which("cargo"))
    if cargo is None:
        yield Fault("there is no cargo", None, "give one with --cargo", "bootstrap-config/cargo")
        return
    try:
        said = processes.run([str(cargo), "-V"], cwd=Path("/")).text
    except (MissingTool, OSError):
        said = ""
    version = re.match(r"cargo (\S+)", said)
    if version is None or not tree.builds_with(version[1]):
        what = f"this is cargo {version[1]}" if version else "this is no cargo that runs"
        hint = f"give the one that belongs to {found.rustc} with --cargo"
        yield Fault(what, Where(cargo), hint, "bootstrap-config/cargo")
    found.cargo = Path(os.path.abspath(cargo))  # noqa: PTH100


def _compilers() -> Iterator[Path]:
    """The compilers of this machine: those on PATH, then those of rustup, the newest first."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        found = processes.which("rustc", path=folder) if folder else None
        if found is not None:
            yield found
    rustup = Path(os.environ.get("RUSTUP_HOME") or Path.home() / ".rustup")
    yield from sorted(rustup.glob("toolchains/*/bin/rustc"), reverse=True)


def _build_faults(source: Path, build: Path) -> Iterator[Fault]:
    """Why the folder of the build will not do."""
    where, code = Where(build), "bootstrap-config/build"
    if build.resolve().is_relative_to(source.resolve()):
        yield Fault("this is within the sources, which are only read", where, "give another --build", code)
    there = next(folder for folder in (build, *build.parents) if os.path.lexists(folder))
    if not there.is_dir():
        yield Fault("a file is in the way", Where(there), "give another --build", code)
        return
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        yield Fault(f"cannot write here: {error.strerror}", Where(there), "give another --build", code)


def _tool_faults(arguments: Arguments) -> Iterator[Fault]:
    for tool, package in ((PYTHON, "python3"), ("cc", "gcc")):
        if processes.which(tool) is None:
            hint = f"install it (Debian: {package})"
            yield Fault(f"there is no `{tool}`", None, hint, "bootstrap-config/tool")
    path = arguments.llvm_config
    if path is not None and not os.access(path, os.X_OK):
        yield Fault(
            "this is no program", Where(path), "--llvm-config names `llvm-config`", "bootstrap-config/tool"
        )
