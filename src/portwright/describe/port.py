"""A port: the folder with `port.toml`, `abi.toml` and what they name, read into typed values.

Reads and finds; it does not judge (that is `rules/` and the ledger's check). A port whose OS is reached through its C
library may have no `abi.toml` yet: what needs the ledger says so.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from portwright.base.errors import BadInput, Fault, Where, closest
from portwright.base.hashing import hash_value
from portwright.describe import image as images
from portwright.describe import known_failure, program, toml_file
from portwright.describe import ledger as ledgers
from portwright.describe import machine as machines
from portwright.describe.backend import BackendTable
from portwright.describe.image import Image
from portwright.describe.known_failure import KnownFailure
from portwright.describe.machine import Machine
from portwright.describe.model import Described
from portwright.describe.program import Expect as Expect
from portwright.describe.program import Program as Program
from portwright.describe.program import SharedPrograms as SharedPrograms


class PortTable(Described):
    """[port]: the target triple (also the name of its spec) and one line about the OS."""

    target: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+(-[A-Za-z0-9_.]+)+$")]
    summary: str
    homepage: str | None = None


class OsTable(Described):
    """[os]: facts of the OS that the checker holds the target spec and the binaries against.

    `loads` lists what its loader accepts: `elf-exec`, `elf-pie` (applies relocations), `elf-dynamic`,
    `macho-exec`. `page_size` in bytes. `unwinder`: who can unwind a panic. `tls_models` that its loader and
    start-up code serve. `tls_padding`: what its loader needs of a thread-local segment's size in memory, `any` or
    `size-multiple-of-alignment` (it finds the thread pointer by the size alone). `host_kernel`: the system calls are
    those of this kernel (as `sys.platform` names it), so that programs also run without the userland machine where
    that is the host's: directly on the port's own CPU, through `qemu-<arch>` elsewhere. `interface`: what the OS keeps
    stable for programs, its system calls or the functions of its C library; with `c-library` a port may be without
    `abi.toml`.
    """

    loads: list[Literal["elf-exec", "elf-pie", "elf-dynamic", "macho-exec"]]
    page_size: int
    entry: Literal["sysv-stack"] = "sysv-stack"
    crt_objects: Literal["std", "os"] = "std"
    unwinder: Literal["none", "std", "os"] = "none"
    tls_models: list[Literal["local-exec", "initial-exec", "general-dynamic", "local-dynamic"]] = [
        "local-exec"
    ]
    tls_padding: Literal["any", "size-multiple-of-alignment"] = "any"
    host_kernel: str | None = None
    interface: Literal["system-calls", "c-library"] = "system-calls"


RUSTCS_OWN = ("llvm", "cranelift")
"""The code generators that rustc calls itself."""


class ToolchainTable(Described):
    """[toolchain]: the Rust version (`1.96`) and the code generator."""

    rust: Annotated[str, Field(pattern=r"^\d+\.\d+(\.\d+)?$")]
    backend: Literal["llvm", "cranelift", "bitcode"] = "llvm"


PANICS = ("abort", "unwind")
Backtrace = Literal["none", "addresses", "symbols"]


class StdTable(Described):
    """[std]: how std is built. `panic`: what a panic does; with `unwind` std brings its own unwinder.

    `backtrace`: what RUST_BACKTRACE shows where panics unwind: nothing, addresses, or also the functions and
    lines that the program finds in its own file (which makes every program larger).
    """

    panic: Literal["abort", "unwind"] = "abort"
    backtrace: Backtrace = "symbols"
    optimize: Literal["0", "1", "2", "3", "s", "z"] = "3"


class Manifest(Described):
    """port.toml. `target` holds the target-spec keys that differ from the built-in target `like`.

    `machine` holds a table for each whole machine that the port boots on; their keys are those of the machine's kind.
    """

    port: PortTable
    target: dict[str, Any]
    os: OsTable
    toolchain: ToolchainTable
    std: StdTable = StdTable()
    backend: BackendTable | None = None
    programs: SharedPrograms | None = None
    program: list[Program] = []
    image: dict[str, Image] = {}
    machine: dict[str, Any] = {}

    @field_validator("target")
    @classmethod
    def _target(cls, table: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(table.get("like"), str):
            raise ValueError('add `like = "..."`: the built-in target that this one is most like')
        if not isinstance(table.get("why", {}), dict):
            raise ValueError('`why` is a table: key = "reason"')
        return table

    @model_validator(mode="after")
    def _one_backend(self) -> Manifest:
        asked, own = self.toolchain.backend, self.backend.kind if self.backend else None
        if own is not None and own != asked:
            raise ValueError(f'[toolchain] backend = "{asked}" and [backend] kind = "{own}" must be one word')
        if own is None and asked not in RUSTCS_OWN:
            raise ValueError(f'[toolchain] backend = "{asked}" needs the table [backend], which says how')
        return self

    @model_validator(mode="after")
    def _unique_programs(self) -> Manifest:
        program.only_once(self.program)
        return self


@dataclass(frozen=True)
class Port:
    """A port's folder with what is written in it; `variant` names a second ledger (`abi.VARIANT.toml`).

    `abi` is the ledger, None where there is none yet; who cannot do without asks for `ledger`.
    """

    folder: Path
    manifest: Manifest
    abi: ledgers.Ledger | None
    variant: str | None = None
    machines: Mapping[str, Machine] = field(default_factory=dict)
    failures: tuple[KnownFailure, ...] = ()

    @property
    def ledger(self) -> ledgers.Ledger:
        """The ledger; raises `BadInput` where the port has none yet."""
        if self.abi is None:
            path = ledgers.ledger_path(self.folder, None)
            what = f"{self.target} has no {path.name} yet, and nothing else says what its system calls are"
            hint = "what needs none works: check, inspect, plan, and build of its images and freestanding programs"
            raise BadInput([Fault(what, Where(path), hint, "port/no-ledger")])
        return self.abi

    @property
    def target(self) -> str:
        """The target triple."""
        return self.manifest.port.target

    @property
    def os(self) -> str:
        """`target_os`, from [target] or the triple's third part (rustc's `none` where there is none)."""
        named = self.manifest.target.get("os")
        return named if isinstance(named, str) else [*self.target.split("-"), "none", "none"][2]

    @cached_property
    def places(self) -> toml_file.Places:
        """Where keys of port.toml stand."""
        return toml_file.Places(self.folder / "port.toml")

    @cached_property
    def ledger_places(self) -> toml_file.Places:
        """Where keys of the ledger stand."""
        return toml_file.Places(ledgers.ledger_path(self.folder, self.variant))

    def with_panic(self, panic: str) -> Port:
        """The port with panics that abort or unwind, whatever port.toml says: std and the target's default."""
        std = StdTable.model_validate({**self.manifest.std.model_dump(), "panic": panic})
        target = {**self.manifest.target, "panic-strategy": panic}
        manifest = self.manifest.model_copy(update={"std": std, "target": target})
        return replace(self, manifest=manifest)

    def program(self, name: str) -> Program | None:
        """The program of that name, if the port has one."""
        return next((program for program in self.manifest.program if program.name == name), None)

    def program_place(self, name: str, key: str) -> Where:
        """Where a key of a program stands; that of [programs] for a shared one."""
        for index, row in enumerate(toml_file.read(self.places.path).get("program", [])):
            if row.get("name") == name:
                return self.places("program", index, key)
        return self.places("programs")

    @property
    def digest(self) -> str:
        """Hash of what the two files say of how the port is built (not of programs' sources, nor of machines)."""
        return hash_value(
            [
                self.manifest.model_dump(mode="json", exclude={"machine"}),
                self.abi.model_dump(mode="json", by_alias=True) if self.abi else None,
            ]
        )


def bundled_folder() -> Path:
    """The folder of the bundled ports: in the source tree, or beside the installed package."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "ports"
    return installed if installed.is_dir() else package.parents[1] / "ports"


def bundled() -> list[str]:
    """The names of the bundled ports."""
    folder = bundled_folder()
    return sorted(p.parent.name for p in folder.glob("*/port.toml"))


def find(name: str) -> Path:
    """The folder of a port given by path or by a bundled name; raises `BadInput` with what there is."""
    path = Path(name)
    if (os.sep in name or path.is_dir()) and (path / "port.toml").is_file():
        return path.resolve()
    folder = bundled_folder() / name
    if (folder / "port.toml").is_file():
        return folder
    near = closest(name, bundled())
    hint = f"did you mean `{near}`? " if near else ""
    hint += f"a port is a folder with port.toml; bundled: {', '.join(bundled()) or 'none'}"
    raise BadInput([Fault(f"no port `{name}`", None, hint, "port/unknown")])


def load(name: str, variant: str | None = None, panic: str | None = None) -> Port:
    """Read a port; raises `BadInput` with the faults of both files together. `panic` overrules [std] panic."""
    folder = find(name)
    faults: list[Fault] = []
    manifest: Manifest | None = None
    ledger: ledgers.Ledger | None = None
    path = folder / "port.toml"
    places = toml_file.Places(path)
    try:
        manifest = toml_file.validate(Manifest, toml_file.read(path), places)
    except BadInput as error:
        faults += error.faults
    if manifest is None or variant is not None or not _without_ledger(manifest, folder):
        try:
            ledger = ledgers.load(ledgers.ledger_path(folder, variant))
        except BadInput as error:
            faults += error.faults
    if manifest is not None:
        if manifest.programs is not None:
            try:
                programs = program.with_shared(manifest.programs, manifest.program, places)
                manifest = manifest.model_copy(update={"program": programs})
            except BadInput as error:
                faults += error.faults
        names = [each.name for each in manifest.program]
        faults += images.faults(manifest.image, names, places)
    whole: Mapping[str, Machine] = {}
    failures: tuple[KnownFailure, ...] = ()
    try:
        failures = known_failure.of_port(folder)
        whole = machines.machines(manifest.machine, places) if manifest is not None else {}
    except BadInput as error:
        faults += error.faults
    if faults or manifest is None:
        raise BadInput(faults)
    port = Port(folder, manifest, ledger, variant, whole, failures)
    return port.with_panic(panic) if panic else port


def _without_ledger(manifest: Manifest, folder: Path) -> bool:
    """Whether there is no ledger, and need not be."""
    return manifest.os.interface == "c-library" and not ledgers.ledger_path(folder, None).exists()
