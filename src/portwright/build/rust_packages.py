"""The Rust set out of Debian's packages: which version to take, installing it, or unpacking it in the cache."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from portwright.base.errors import Fault, MissingTool, PortwrightError, Where
from portwright.base.events import Begun, Ended, Event, Note
from portwright.base.files import disk_errors, lock, write_atomic
from portwright.build import apt
from portwright.describe import toolchain as toolchains

FAMILIES = (("rustc-web", "cargo-web", "rust-web-src"), ("rustc", "cargo", "rust-src"))
"""Names of the compiler, cargo and whole source tree: Debian's set for browsers is newer than the plain one."""

LIBRARIES = {"rustc-web": "libstd-rust-web-dev", "rustc": "libstd-rust-dev"}
"""What a compiler that is not apt's own candidate needs pinned beside it, in its own version."""

SOURCES = re.compile(r"rustc|rustc-web|rustc-mozilla|cargo|cargo-web|rustup|llvm-toolchain-\d+")
"""Source packages whose packages are always unpacked, installed or not: what must be of one version together."""

FACTOR = 7.5
"""Bytes on disk per byte downloaded, the packages themselves included (measured: 7.3 for 1.96.0)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The version to take: `packages` as apt wants them (`rustc-web=1.96.0+...`), and the pool that has it."""

    version: str
    pool: str
    packages: tuple[str, ...]

    @property
    def origin(self) -> str:
        """For people: which package, which version, from where."""
        return f"Debian {self.packages[0].split('=')[0]} {self.version} from {self.pool}"


def choose(offers: Iterable[apt.Offer], wanted: str | None = None) -> tuple[Choice | None, list[str]]:
    """The newest supported version that is offered whole (sources come in the order of apt's preference), and
    notes on newer ones that are not supported; or the newest that is the `wanted` one, supported or not."""
    by_name: dict[str, dict[str, apt.Offer]] = {}
    for offer in offers:
        by_name.setdefault(offer.package, {}).setdefault(offer.version, offer)
    whole: list[Choice] = []
    notes: list[str] = []
    for family in FAMILIES:
        rows = [by_name.get(name, {}) for name in family]
        for version, offer in rows[0].items():
            if all(version in row for row in rows):
                pinned = tuple(f"{name}={version}" for name in family)
                whole.append(Choice(version, offer.pool, pinned))
    whole.sort(key=lambda choice: toolchains.version_key(upstream(choice.version)), reverse=True)
    if wanted is not None:
        asked = f"{wanted}."
        found = next((one for one in whole if f"{upstream(one.version)}.".startswith(asked)), None)
        return found and _with_library(found, by_name), []
    for choice in whole:
        beware = toolchains.forecast(upstream(choice.version))
        if beware is None:
            return choice, notes
        notes.append(f"{choice.origin} is offered. {beware}")
    return None, notes


def _with_library(choice: Choice, offers: Mapping[str, Mapping[str, apt.Offer]]) -> Choice:
    library = LIBRARIES[choice.packages[0].split("=")[0]]
    if choice.version not in offers.get(library, {}):
        return choice
    return replace(choice, packages=(*choice.packages, f"{library}={choice.version}"))


def upstream(version: str) -> str:
    """`1.96.0` of Debian's `1.96.0+dfsg1-1~deb12u2`."""
    return re.split(r"[+~-]", version.split(":")[-1])[0]


def offered(source: apt.Apt, rust: str | None = None) -> Generator[Event, None, Choice]:
    """Ask the machine's package sources, with fresh lists where theirs are missing, old or lack a fitting set;
    `rust` is a version that must be it ("1.85")."""
    names = [name for family in FAMILIES for name in family]
    names += LIBRARIES.values() if rust is not None else []
    updated = source.is_stale()
    complaint = ""
    if updated:
        complaint = yield from _update(source)
    choice, notes = choose(source.offers(names), rust)
    if choice is None and not updated:
        complaint = yield from _update(source)
        choice, notes = choose(source.offers(names), rust)
    for note in notes:
        yield Note(note, "warning")
    if choice is not None:
        return choice
    wanted = rust or toolchains.SUPPORTED[-1]
    what = f"the package sources offer no Rust {wanted} with its sources" + "".join(
        f"; {note}" for note in notes
    )
    hint = f"`rustup toolchain install {wanted} --component rust-src`, or add Debian's security pool to the sources"
    faults = [Fault(what, None, hint, "toolchain/not-offered")]
    if complaint:
        faults.append(
            Fault(f"apt-get update said: {complaint}", None, "is there a network?", "network/lists")
        )
    raise MissingTool(faults)


def _update(source: apt.Apt) -> Generator[Event, None, str]:
    began = time.monotonic()
    yield Begun("package lists")
    done = source.update()
    yield Ended("package lists", "updated" if done.status == 0 else "incomplete", time.monotonic() - began)
    bad = [line for line in done.error_text.splitlines() if line.startswith(("E: ", "Err:", "W: Failed"))]
    if bad:
        yield Note(f"some package sources could not be read: {bad[0]}", "warning")
    return "; ".join(bad[:2])


def lld_package(source: apt.Apt, llvm_version: str) -> str | None:
    """The package with the LLD of an LLVM version, if it is offered."""
    name = f"lld-{llvm_version.split('.')[0]}"
    return name if source.offers([name]) else None


def install(choice: Choice) -> Generator[Event, None, None]:
    """Install the set as root."""
    began = time.monotonic()
    yield Begun("rust", 100)
    yield from apt.Apt().install(choice.packages, "rust")
    yield Ended("rust", "installed", time.monotonic() - began)


def unpack(choice: Choice, source: apt.Apt, debs: Path, record: str) -> Generator[Event, None, Path]:
    """Download the set with every library that the machine lacks and unpack it to `debs/rust-VERSION`.

    `record` is written last: a folder without it is unfinished, and the next run goes on where this one was
    stopped (packages that are whole are kept, unpacking starts anew).
    """
    folder = debs / f"rust-{choice.version}"
    with lock(debs / ".lock"), disk_errors(debs):
        if (folder / record).is_file():
            return folder
        began = time.monotonic()
        archives, root = folder / "archives", folder / "root"
        table = folder / "status"
        write_atomic(
            table, apt.table_without(SOURCES, apt.STATUS.read_text(encoding="utf-8", errors="replace"))
        )
        packages = [*choice.packages, *_linker(source, choice, table)]
        needed = _without_libc(source.needed(packages, table))
        _check_room(needed, folder)
        yield Begun("download", 100)
        yield from source.download(packages, table, archives, "download")
        yield Ended("download", f"{sum(needed.values()) >> 20} MB", time.monotonic() - began)
        began = time.monotonic()
        yield Begun("unpack", len(needed))
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        yield from apt.unpack([archives / name for name in needed], root, "unpack")
        _complete(root)
        said = {"origin": f"{choice.origin}, unpacked in {folder}", "libraries": apt.library_folders(root)}
        write_atomic(folder / record, json.dumps(said, indent=1))
        shutil.rmtree(archives, ignore_errors=True)
        yield Ended("unpack", "unpacked", time.monotonic() - began)
    return folder


def _linker(source: apt.Apt, choice: Choice, table: Path) -> list[str]:
    """The LLD of the LLVM that the set is built with, known by the LLVM library that it pulls in."""
    for name in source.needed(choice.packages, table):
        llvm = re.match(r"libllvm(\d+)", name)
        if llvm:
            found = lld_package(source, llvm[1])
            return [found] if found else []
    return []


def _without_libc(needed: dict[str, int]) -> dict[str, int]:
    """What is to be unpacked: all but the C library, which must be the machine's, as its loader is.

    Another package revision of the same version will do, so that a machine with updates waiting can compile.
    """
    libc = next((name for name in needed if name.startswith("libc6_")), None)
    own = (os.confstr("CS_GNU_LIBC_VERSION") or "").removeprefix("glibc ")
    if libc is not None and libc.split("_")[1].split("-")[0] != own:
        what = f"the set needs another C library ({libc.split('_')[1]}) than the machine's {own}, which takes root"
        raise MissingTool([Fault(what, None, "ask root to run `portwright setup`", "packages/libc")])
    return {name: size for name, size in needed.items() if name != libc}


def _check_room(needed: dict[str, int], folder: Path) -> None:
    room, free = int(sum(needed.values()) * FACTOR), shutil.disk_usage(folder).free
    if free < room:
        what = f"not enough room: {room >> 20} MB are needed and {free >> 20} MB are free"
        hint = "free some room, or set PORTWRIGHT_CACHE to a folder on a larger disk"
        raise PortwrightError([Fault(what, Where(folder), hint, "disk/full")])


def _complete(root: Path) -> None:
    """Do what installing would have done besides unpacking: `cc`, and linker scripts that find their libraries."""
    programs = root / "usr" / "bin"
    if (programs / "gcc").exists() and not (programs / "cc").exists():
        (programs / "cc").symlink_to("gcc")
    for script in (root / "usr" / "lib").glob("*/lib*.so"):
        if script.is_symlink() or script.stat().st_size > 4096:
            continue
        text = script.read_text(errors="replace")
        if "GNU ld script" in text:
            script.write_text(re.sub(r"/(?:usr/)?lib\S*", lambda path: _placed(path[0], root), text))


def _placed(path: str, root: Path) -> str:
    """An absolute path of a linker script where the file really is: on the machine, else below the root."""
    inside = root / path.lstrip("/")
    return str(inside) if not Path(path).exists() and inside.exists() else path
