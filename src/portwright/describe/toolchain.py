"""Which Rust toolchain a port is built with: found by a written rule, identified once, refused with a reason.

The finders are in `toolchains/`, one file per source. A finder only says where a toolchain may be; this engine
asks the compiler who it is (and remembers the answer), checks it, and chooses. It installs nothing: that is
`portwright setup`. The rule of preference is written down in docs/toolchains.md.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from portwright.base import rooms
from portwright.base.errors import BadInput, Fault, MissingTool, closest
from portwright.base.processes import which
from portwright.describe import compiler

ROOM = "portwright.describe.toolchains"
SUPPORTED = ("1.96",)
"""The Rust versions that std's layer is written for, oldest first."""

VARIABLE = "PORTWRIGHT_TOOLCHAIN"
"""The environment variable that says what `--toolchain` says."""

SETUP = "portwright setup"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Where a finder says that a toolchain may be.

    `source` is the root that has `library/`; `environment` holds what must go in front of the caller's search
    lists (`PATH`, `LD_LIBRARY_PATH`), joined with colons; `get_source` is the command that adds std's sources
    where the source of the toolchain has one.
    """

    finder: str
    origin: str
    rustc: Path
    cargo: Path | None = None
    source: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    get_source: str | None = None


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A compiler that ran and said who it is, with what belongs to it.

    `finder` is the entry of `toolchains/` that found it and `origin` where it comes from, for people. `source`
    is the root that has `library/`, `vendor` the folder of the crates that std needs. `lld` can be called by
    its own name (`ld.lld-22`) where there is such a name; do not resolve it: LLD behaves by the name it is
    called with. `environment` is what must go in front of the caller's search lists: see `variables`.
    `release` is the line that `rustc -V` prints: crates carry it, and a compiler with another refuses them.
    """

    finder: str
    origin: str
    rustc: Path
    cargo: Path
    version: str
    commit: str
    llvm_version: str
    host: str
    sysroot: Path
    source: Path | None
    vendor: Path | None
    lld: Path | None
    environment: Mapping[str, str] = field(default_factory=dict)
    fingerprint: str = ""
    release: str = ""

    @property
    def minor(self) -> str:
        """The version without its last part: `1.96`."""
        return minor(self.version)

    def variables(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """The search lists as rustc and cargo need them: `environment` in front of what `base` (the caller) has."""
        return compiler.in_front(self.environment, os.environ if base is None else base)


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate after examination: its toolchain (None where the compiler does not run) and what is amiss."""

    candidate: Candidate
    toolchain: Toolchain | None
    faults: tuple[Fault, ...]


def minor(version: str) -> str:
    """`1.96` of `1.96.0` or `1.97.0-nightly`."""
    return ".".join(version.split("-")[0].split(".")[:2])


def version_key(version: str) -> tuple[int, ...]:
    """A version as numbers, for comparing."""
    return tuple(int(part) for part in re.findall(r"\d+", version.split("-")[0]))


def forecast(version: str) -> str | None:
    """Why a version is not supported and what would happen with it; None where it is supported."""
    if minor(version) in SUPPORTED:
        return None
    known = ", ".join(SUPPORTED)
    if version_key(version) > version_key(SUPPORTED[-1]):
        return (
            f"Rust {version} is newer than portwright's layer for std, which is written for {known}: "
            "expect edits of std that no longer find their place, and platform modules with new members"
        )
    return (
        f"Rust {version} is older than portwright's layer for std, which is written for {known}: "
        "std's platform modules had other places and members then, and the layer's edits would not find their place"
    )


def find(wanted: str | None = None, *, rust: str | None = None, need_source: bool = True) -> Toolchain:
    """The toolchain to use.

    `wanted` is what the user named (`--toolchain`): a finder (`debian`), a rustup toolchain (`nightly`), or the
    path of a compiler, a toolchain folder or a source tree; else `$PORTWRIGHT_TOOLCHAIN` names it. `rust` is
    the version that the port asks for (`1.96`). Without `need_source` a toolchain without std's source will
    do. Raises `MissingTool` that lists what was found, why it was refused, and the command that gets one.
    """
    if rust is not None and minor(rust) not in SUPPORTED:
        raise BadInput(
            [Fault(forecast(rust) or "", None, f'write rust = "{SUPPORTED[-1]}"', "toolchain/version")]
        )
    named = wanted or os.environ.get(VARIABLE) or None
    refused: list[Found] = []
    fitting: list[tuple[tuple[int, ...], Toolchain]] = []
    for rank, found in enumerate(survey(named)):
        faults = [f for f in found.faults if need_source or not _is_about_source(f)]
        if found.toolchain is not None and not faults and _is_asked_for(found.toolchain.version, rust):
            fitting.append(((*(-n for n in version_key(found.toolchain.version)), rank), found.toolchain))
        else:
            refused.append(found)
    if fitting:
        return min(fitting, key=lambda pair: pair[0])[1]
    raise _nothing_fits(named, rust, refused)


def survey(wanted: str | None = None) -> list[Found]:
    """Everything the finders find, examined, in order of preference; only what `wanted` names, if given."""
    seen: set[tuple[Path, Path | None]] = set()
    result: list[Found] = []
    for candidate in _candidates(wanted):
        identity = (candidate.rustc.resolve(), candidate.source.resolve() if candidate.source else None)
        if identity not in seen:
            seen.add(identity)
            result.append(examine(candidate))
    return result


def examine(candidate: Candidate) -> Found:
    """Ask a candidate's compiler who it is, find what belongs to it, and say what is amiss."""
    try:
        said = compiler.ask(candidate.rustc, candidate.environment)
    except MissingTool as error:
        return Found(candidate, None, tuple(error.faults))
    source = candidate.source or _inner_source(said.sysroot)
    cargo = candidate.cargo or candidate.rustc.with_name("cargo")
    toolchain = Toolchain(
        finder=candidate.finder,
        origin=candidate.origin,
        rustc=candidate.rustc,
        cargo=cargo,
        version=said.version,
        commit=said.commit,
        llvm_version=said.llvm_version,
        host=said.host,
        sysroot=said.sysroot,
        source=source,
        vendor=_vendor(source) if source else None,
        lld=_lld(candidate.rustc, said.sysroot, said.host, said.llvm_version),
        environment=candidate.environment,
        fingerprint=said.fingerprint,
        release=said.release,
    )
    return Found(candidate, toolchain, tuple(_faults(toolchain, candidate.get_source)))


def source_version(source: Path) -> str | None:
    """The version that a source tree says it is; None for a bare rust-src, which does not say."""
    try:
        return (source / "src" / "version").read_text().strip()
    except OSError:
        return None


def _candidates(wanted: str | None) -> Iterator[Candidate]:
    finders = rooms.load_all(ROOM)
    ranked = sorted(finders, key=lambda name: (finders[name].RANK, name))
    if wanted in finders:
        yield from finders[wanted].candidates(None)
        return
    for name in ranked:
        yield from finders[name].candidates(wanted)


def _is_asked_for(version: str, rust: str | None) -> bool:
    return rust is None or version == rust or version.startswith(rust + ".")


def _is_about_source(fault: Fault) -> bool:
    return (fault.code or "").startswith("toolchain/source")


def _faults(toolchain: Toolchain, get_source: str | None) -> Iterator[Fault]:
    beware = forecast(toolchain.version)
    if beware:
        yield Fault(beware, None, f"`{SETUP}` gets {SUPPORTED[-1]}", "toolchain/version")
    if not os.access(toolchain.cargo, os.X_OK):
        yield Fault(f"no cargo at {toolchain.cargo}", None, f"`{SETUP}` gets one", "toolchain/cargo")
    if toolchain.source is None:
        hint = f"`{SETUP}` gets a set with sources"
        if get_source:
            hint = f"`{get_source}`, or {hint}"
        yield Fault("std's sources are not there", None, hint, "toolchain/source")
        return
    if toolchain.vendor is None:
        what = f"{toolchain.source} has no vendored crates, and std cannot be built offline without them"
        yield Fault(what, None, f"`{SETUP}` gets a set with them", "toolchain/source-vendor")
    says = source_version(toolchain.source)
    if says is not None and says != toolchain.version:
        what = f"the sources at {toolchain.source} are of {says}, the compiler is {toolchain.version}"
        yield Fault(what, None, "use a compiler and sources of one version", "toolchain/source-version")


def _nothing_fits(named: str | None, rust: str | None, refused: list[Found]) -> MissingTool:
    get = f"`{SETUP}` gets Rust {SUPPORTED[-1]} with its sources; `portwright doctor` shows what is there"
    faults: list[Fault] = []
    for found in refused:
        release = f" {found.toolchain.version}" if found.toolchain else ""
        reasons = "; ".join(fault.what for fault in found.faults)
        if not reasons:
            reasons = f"the port asks for {rust}"
        what = f"refused rustc{release} at {found.candidate.rustc} ({found.candidate.origin}): {reasons}"
        hint = next((fault.hint for fault in found.faults if fault.hint), None)
        faults.append(Fault(what, None, hint, "toolchain/refused"))
    if named and not refused:
        finders = rooms.names(ROOM)
        near = closest(named, finders)
        hint = f"did you mean `{near}`? " if near else ""
        hint += (
            f"name one of {', '.join(finders)}, a rustup toolchain, or the path of a rustc or a source tree"
        )
        faults.append(Fault(f"`{named}` names no Rust toolchain", None, hint, "toolchain/unknown"))
    else:
        faults.insert(0, Fault("no usable Rust toolchain", None, get, "toolchain/missing"))
    return MissingTool(faults)


def _inner_source(sysroot: Path) -> Path | None:
    inner = sysroot / "lib" / "rustlib" / "src" / "rust"
    return inner.resolve() if has_library(inner) else None


def has_library(root: Path) -> bool:
    """Whether a folder is the root of Rust sources."""
    return (root / "library" / "std" / "Cargo.toml").is_file()


def _vendor(source: Path) -> Path | None:
    for place in (source / "library" / "vendor", source / "vendor"):
        if any(place.glob("hashbrown*/Cargo.toml")):
            return place
    return None


def _lld(rustc: Path, sysroot: Path, host: str, llvm: str) -> Path | None:
    """The LLD that came with the compiler, else one of its LLVM's version, else any; a dangling link is none."""
    own = f"ld.lld-{llvm.split('.')[0]}"
    tools = sysroot / "lib" / "rustlib" / host / "bin"
    for place in (
        rustc.with_name(own),
        tools / "gcc-ld" / "ld.lld",
        tools / "rust-lld",
        rustc.with_name("rust-lld"),
    ):
        if place.is_file() and os.access(place, os.X_OK):
            return place
    return which(own) or which("ld.lld") or which("rust-lld")


def as_row(toolchain: Toolchain) -> dict[str, object]:
    """The toolchain as JSON-able values, for results and lock files."""
    return {name: str(v) if isinstance(v, Path) else v for name, v in asdict(toolchain).items()}
