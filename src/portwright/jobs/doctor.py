"""What this machine has and lacks, for which verb it is needed, and the command that mends it.

Nothing is taken on trust: the compiler compiles and links a program for this machine, LLD is started, and each
engine of the userland machine runs one trap instruction. Changes nothing.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from portwright.base import rooms
from portwright.base.errors import MissingTool, PortwrightError
from portwright.base.events import Begun, Ended, Event
from portwright.base.files import cache_root
from portwright.base.processes import environment, which
from portwright.base.processes import run as run_process
from portwright.describe import cpu as cpus
from portwright.describe import toolchain as toolchains
from portwright.jobs import Arg
from portwright.run import engine as engines
from portwright.run import firmware, kvm

VERB = "doctor"

BUILDING = ("build", "run", "up")
RUNNING = ("run", "up")
ROOM_NEEDED = 3 << 30
MEMORY_NEEDED = 2 << 30
LIBRARIES = (
    "click",
    "pydantic",
    "rich",
    "jsonschema",
    "tree_sitter",
    "tree_sitter_rust",
    "elftools",
    "capstone",
)
TOOLS = {
    "strace": ("strace", "the tests that compare traces"),
    "qemu-x86_64": ("qemu-user", "make bench, as the rival of the Unicorn engine"),
    "readelf": ("binutils", "the tests that compare what is read from binaries"),
}
"""Program -> package and what wants it: none is needed by a verb."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright doctor` can be told."""

    toolchain: Annotated[
        str | None, Arg("A finder, a rustup toolchain, or the path of a rustc or a source tree.")
    ] = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    `outcome`: `ok`; `missing` (a verb in `needed_by` does not work without it); `lacking` (nothing depends on
    it, or there is another that serves). `mend` is the command that gets it.
    """

    name: str
    outcome: Literal["ok", "missing", "lacking"]
    detail: str
    needed_by: tuple[str, ...] = ()
    mend: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that was looked at, and the toolchain that verbs will use."""

    toolchain: toolchains.Toolchain | None
    findings: tuple[Finding, ...]

    @property
    def status(self) -> int:
        """0: every verb works; 1: something is missing."""
        return 1 if any(finding.outcome == "missing" for finding in self.findings) else 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Look at the machine."""
    began = time.monotonic()
    yield Begun("examination")
    findings = [_python(), *_libraries()]
    chosen, rust = _toolchains(arguments.toolchain)
    findings += rust
    if chosen is not None:
        findings += [_host_program(chosen), _lld(chosen)]
    findings += [*_engines(), *_machines(), _disk(), _memory(), *_tools()]
    bad = sum(finding.outcome == "missing" for finding in findings)
    yield Ended("examination", f"{bad} missing" if bad else "all there", time.monotonic() - began)
    return Result(chosen, tuple(findings))


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", "ok", f"{version} at {sys.executable}", ("all",))


def _libraries() -> Iterator[Finding]:
    broken = []
    for name in LIBRARIES:
        try:
            importlib.import_module(name)
        except ImportError as error:
            broken.append(f"{name} ({error})")
    if broken:
        yield Finding("Python libraries", "missing", ", ".join(broken), ("all",), "make setup")
    else:
        yield Finding("Python libraries", "ok", f"{len(LIBRARIES)} import", ("all",))


def _toolchains(wanted: str | None) -> tuple[toolchains.Toolchain | None, list[Finding]]:
    """The toolchain that verbs will use, and a row for it and for each that was looked at and refused."""
    chosen: toolchains.Toolchain | None = None
    rows: list[Finding] = []
    try:
        chosen = toolchains.find(wanted)
        detail = f"{chosen.version} (LLVM {chosen.llvm_version}), {chosen.origin}, sources at {chosen.source}"
        rows.append(Finding("Rust toolchain", "ok", detail, ("check", *BUILDING)))
    except MissingTool as error:
        rows.append(
            Finding("Rust toolchain", "missing", error.faults[0].what, ("check", *BUILDING), toolchains.SETUP)
        )
    named = wanted or os.environ.get(toolchains.VARIABLE)
    everything = [*(toolchains.survey(named) if named else []), *toolchains.survey()]
    for found in {row.candidate.rustc: row for row in everything}.values():
        if found.toolchain is not None and chosen is not None and found.toolchain.rustc == chosen.rustc:
            continue
        label = f"{'also ' if chosen else ''}found: {found.candidate.origin}"
        release = f"{found.toolchain.version}: " if found.toolchain else ""
        if found.faults:
            reasons = "; ".join(fault.what for fault in found.faults)
            rows.append(Finding(label, "lacking", f"not used: {release}{reasons}"))
        else:
            rows.append(Finding(label, "ok", f"{release}usable, and second by the rule of preference"))
    return chosen, rows


def _host_program(chosen: toolchains.Toolchain) -> Finding:
    """Compile, link and run a program for this machine, as build scripts of std are."""
    env = environment({**chosen.variables(), "RUSTFLAGS": None})
    with tempfile.TemporaryDirectory(prefix="portwright-doctor-") as folder:
        source, program = Path(folder) / "hello.rs", Path(folder) / "hello"
        source.write_text('fn main() { println!("{}", [1, 2, 3].iter().sum::<i32>()) }\n')
        built = run_process([str(chosen.rustc), "-o", str(program), str(source)], env=env, timeout=120)
        if built.status != 0:
            words = [line for line in built.error_text.splitlines() if line.startswith("error")]
            detail = f"a program for this machine does not build: {(words or ['rustc failed'])[0]}"
            mend = "apt-get install gcc libc6-dev" if "linker" in built.error_text else toolchains.SETUP
            return Finding("host programs", "missing", detail, BUILDING, mend)
        says = run_process([str(program)], timeout=30).text if program.is_file() else ""
    if says != "6\n":
        return Finding(
            "host programs", "missing", "a program for this machine builds and does not run", BUILDING
        )
    return Finding("host programs", "ok", "one was compiled, linked and run", BUILDING)


def _lld(chosen: toolchains.Toolchain) -> Finding:
    if chosen.lld is None:
        return Finding("LLD", "missing", "no LLD beside the compiler or on PATH", BUILDING, toolchains.SETUP)
    flavour = [] if chosen.lld.name.startswith("ld.lld") else ["-flavor", "gnu"]
    env = environment(dict(chosen.variables()))
    said = run_process([str(chosen.lld), *flavour, "--version"], env=env, timeout=30)
    if said.status != 0:
        detail = f"{chosen.lld} does not run: {said.error_text.strip().splitlines()[-1:]}"
        return Finding("LLD", "missing", detail, BUILDING, toolchains.SETUP)
    return Finding("LLD", "ok", f"{said.text.strip()}, {chosen.lld}", BUILDING)


def _engines() -> Iterator[Finding]:
    """Each engine of the userland machine, tried on each CPU that portwright knows; one per CPU is enough."""
    for cpu in sorted(rooms.names(cpus.ROOM)):
        tried = {name: try_engine(name, cpu) for name in rooms.names(engines.ROOM)}
        serving = any(reason is None for reason in tried.values())
        for name, reason in tried.items():
            label = f"{name} engine, {cpu}"
            if reason is None:
                yield Finding(label, "ok", "ran a trap instruction", RUNNING)
            else:
                yield Finding(label, "lacking" if serving else "missing", reason, RUNNING)


def try_engine(name: str, cpu: str) -> str | None:
    """Run one trap instruction; None when the engine stopped at it, else why not."""
    trap, facts = next(iter(cpus.cpu(cpu).traps.items()))
    address = 0x10000
    try:
        setup = engines.Setup(cpu, trap)
        reason = engines.serves(name, setup)
        if reason is not None:
            return reason
        engine = engines.create(setup, name)
    except PortwrightError as error:
        return "; ".join(fault.what for fault in error.faults)
    except ImportError as error:
        return f"{error} (make setup)"
    try:
        engine.map(address, 4096, engines.Access.READ | engines.Access.EXECUTE)
        engine.write(address, facts.encoding)
        engine.set({"pc": address})
        stop = engine.run(lambda: False)
        return None if stop.reason == "trap-ended" else f"a trap instruction gave {stop.reason} {stop.detail}"
    finally:
        engine.close()


def _machines() -> Iterator[Finding]:
    """QEMU for whole machines, whether KVM runs a guest, and the firmware: only `boot` wants them."""
    for arch, package in (("x86_64", "qemu-system-x86"), ("aarch64", "qemu-system-arm")):
        path = which(f"qemu-system-{arch}")
        mend = f"portwright setup --all (Debian: {package})"
        if path is None:
            yield Finding(f"qemu-system-{arch}", "lacking", f"`boot` of a machine with an {arch}", (), mend)
        else:
            reason = kvm.why_not(arch)
            how = "with KVM" if reason is None else f"emulated: {reason}"
            yield Finding(f"qemu-system-{arch}", "ok", f"{path}, {how}", ("boot",))
        try:
            found = firmware.find(arch)
            yield Finding(f"UEFI firmware, {arch}", "ok", str(found.code), ("boot",))
        except MissingTool as error:
            fault = error.faults[0]
            yield Finding(
                f"UEFI firmware, {arch}", "lacking", f"`boot` with it: {fault.what}", (), fault.hint
            )


def _disk() -> Finding:
    place = cache_root()
    there = next(folder for folder in (place, *place.parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    detail = f"{free >> 30} GB free in {place}"
    mend = "export PORTWRIGHT_CACHE=/a/folder/on/a/larger/disk"
    if not os.access(there, os.W_OK):
        return Finding("cache folder", "missing", f"{place} cannot be written", BUILDING, mend)
    if free < ROOM_NEEDED:
        return Finding(
            "disk",
            "missing",
            f"{free >> 20} MB free in {place}, {ROOM_NEEDED >> 30} GB are needed",
            BUILDING,
            mend,
        )
    return Finding("disk", "ok", detail, BUILDING)


def _memory() -> Finding:
    """Memory that this process may still take: the machine's, or its container's if that is less."""
    available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        rows = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        available = int(rows["MemAvailable"].split()[0]) << 10
    except (OSError, KeyError, ValueError):
        pass
    limit = _container_limit()
    if limit is not None:
        available = min(available, limit)
    if available < MEMORY_NEEDED:
        detail = f"{available >> 20} MB available, {MEMORY_NEEDED >> 30} GB are needed to build std"
        return Finding("memory", "missing", detail, BUILDING)
    return Finding("memory", "ok", f"{available / (1 << 30):.1f} GB available", BUILDING)


def _container_limit() -> int | None:
    try:
        folder = Path("/sys/fs/cgroup")
        limit = (folder / "memory.max").read_text().strip()
        used = int((folder / "memory.current").read_text())
        return None if limit == "max" else int(limit) - used
    except (OSError, ValueError):
        return None


def _tools() -> Iterator[Finding]:
    for program, (package, what) in TOOLS.items():
        path = which(program)
        if path is not None:
            yield Finding(program, "ok", f"{path}, for {what}")
        else:
            yield Finding(
                program, "lacking", f"only for {what}", (), f"portwright setup --all (Debian: {package})"
            )
