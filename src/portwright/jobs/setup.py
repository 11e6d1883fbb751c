"""Get a Rust toolchain that portwright can use: Debian's packages, installed as root or unpacked in the cache.

Does nothing where a usable toolchain is there already (docs/toolchains.md has the rule of preference). Takes the
newest supported version that the package sources offer, and says which. Asks no questions. Run again after an
interruption, it goes on.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated

from portwright.base.errors import Fault, MissingTool, PortwrightError
from portwright.base.events import Begun, Ended, Event, Note
from portwright.base.files import cache_root
from portwright.base.processes import which
from portwright.build import apt, rust_packages
from portwright.describe import toolchain as toolchains
from portwright.describe.toolchains import unpacked
from portwright.jobs import Arg
from portwright.run import firmware

VERB = "setup"

EXTRAS = {
    "strace": "strace",
    "readelf": "binutils",
    "qemu-x86_64": "qemu-user",
    "qemu-aarch64": "qemu-user",
    "qemu-m68k": "qemu-user",
    "m68k-linux-gnu-as": "binutils-m68k-linux-gnu",
    "m68k-linux-gnu-gcc": "gcc-m68k-linux-gnu",
    "llc-22": "llvm-22",
    "bear": "bear",
    "ninja": "ninja-build",
    "nix-build": "nix-bin",
    "file": "file",
    "cpio": "cpio",
    "zstd": "zstd",
    "mke2fs": "e2fsprogs",
    "fsck.fat": "dosfstools",
    "mcopy": "mtools",
    "sgdisk": "gdisk",
    "sfdisk": "fdisk",
    "chromium": "chromium",
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-system-aarch64": "qemu-system-arm",
    "qemu-system-m68k": "qemu-system-misc",
}
"""Program -> package, for `--all`: what tests and benchmarks compare with, and what `boot` starts."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright setup` can be told."""

    rootless: Annotated[
        bool, Arg("Unpack the packages in the cache folder even where root could install them.")
    ] = False
    all: Annotated[
        bool, Arg("Also install QEMU with its firmware, and what tests and benchmarks compare with.")
    ] = False
    rust: Annotated[
        str | None,
        Arg("Also unpack the set of that version beside it, to hold a port against.", metavar="VERSION"),
    ] = None


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that setup saw to: `outcome` is `unchanged`, `installed`, `unpacked` or `not installed`."""

    name: str
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Result:
    """What is there now."""

    toolchain: toolchains.Toolchain
    parts: tuple[Part, ...]

    @property
    def status(self) -> int:
        """0: a usable toolchain is there (setup raises otherwise)."""
        return 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Get what is missing."""
    parts: list[Part] = []
    found = _present(arguments.rootless)
    if found is not None:
        parts.append(Part("rust", "unchanged", f"Rust {found.version}, {found.origin}"))
    else:
        parts.append((yield from _get_rust(arguments.rootless)))
        found = _present(arguments.rootless) or toolchains.find()
    if arguments.rust is not None:
        parts.append((yield from _get_other(arguments.rust)))
    parts += yield from _get_linkers(found)
    if arguments.all:
        parts += yield from _get_extras()
    return Result(_present(arguments.rootless) or found, tuple(parts))


def _present(rootless: bool) -> toolchains.Toolchain | None:
    """A usable toolchain that is there; on request only one that was unpacked."""
    try:
        return toolchains.find(unpacked.NAME if rootless else None)
    except MissingTool:
        return None


def _get_rust(rootless: bool) -> Generator[Event, None, Part]:
    if apt.is_root() and not rootless:
        choice = yield from rust_packages.offered(apt.Apt())
        try:
            yield from rust_packages.install(choice)
            return Part("rust", "installed", choice.origin)
        except PortwrightError as error:
            # Another version of Rust is installed and would have to go: leave it alone, unpack beside it.
            if not any(word in str(error) for word in ("downgraded", "Remv", "remove is disabled", "held")):
                raise
            yield Note(
                f"not installed, because other packages would have to go: {error.faults[0].what}", "warning"
            )
    source = apt.without_root(cache_root() / "apt")
    choice = yield from rust_packages.offered(source)
    folder = yield from rust_packages.unpack(choice, source, unpacked.folder(), unpacked.RECORD)
    return Part("rust", "unpacked", f"{choice.origin}, in {folder}")


def _get_other(rust: str) -> Generator[Event, None, Part]:
    """A set of another version, never installed: `patches --against` and `check --for-rust` ask it."""
    source = apt.without_root(cache_root() / "apt")
    choice = yield from rust_packages.offered(source, rust)
    there = (unpacked.folder() / f"rust-{choice.version}" / unpacked.RECORD).is_file()
    folder = yield from rust_packages.unpack(choice, source, unpacked.folder(), unpacked.RECORD)
    return Part(f"rust {rust}", "unchanged" if there else "unpacked", f"{choice.origin}, in {folder}")


def _get_linkers(found: toolchains.Toolchain) -> Generator[Event, None, list[Part]]:
    """LLD for the port's programs and a C compiler's driver for the host's build scripts."""
    parts: list[Part] = []
    if found.lld is None:
        parts.append((yield from _get_lld(found)))
    search = found.variables().get("PATH")
    if which("cc", path=search) is None:
        parts.append((yield from _install("host linker", ["gcc", "libc6-dev"])))
    return parts


def _get_lld(found: toolchains.Toolchain) -> Generator[Event, None, Part]:
    package = rust_packages.lld_package(apt.Apt(), found.llvm_version) or "lld"
    return (yield from _install("lld", [package]))


def _install(name: str, packages: list[str]) -> Generator[Event, None, Part]:
    if not apt.is_root():
        what = f"{name} is missing, and installing it takes root"
        hint = f"as root: apt-get install {' '.join(packages)}"
        raise MissingTool([Fault(what, None, hint, "tool/missing")])
    began = time.monotonic()
    yield Begun(name, 100)
    if apt.Apt().is_stale():
        apt.Apt().update()
    yield from apt.Apt().install(packages, name)
    yield Ended(name, "installed", time.monotonic() - began)
    return Part(name, "installed", ", ".join(packages))


def _get_extras() -> Generator[Event, None, list[Part]]:
    lacking = {package for program, package in EXTRAS.items() if which(program) is None}
    lacking |= {package for arch, package in firmware.PACKAGES.items() if not firmware.is_there(arch)}
    missing = sorted(lacking)
    if not missing:
        return [
            Part(
                "further tools",
                "unchanged",
                ", ".join(sorted({*EXTRAS.values(), *firmware.PACKAGES.values()})),
            )
        ]
    if not apt.is_root():
        detail = f"it takes root: apt-get install {' '.join(missing)}"
        return [Part("further tools", "not installed", detail)]
    return [(yield from _install("further tools", missing))]
