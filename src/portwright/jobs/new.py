"""A new port's folder that already passes `check`, every choice explained in a comment."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from portwright.base import rooms
from portwright.base.errors import BadInput, Fault, Where, closest, fail, raise_if
from portwright.base.events import Begun, Ended, Event
from portwright.base.files import folder_atomic, write_atomic
from portwright.derive import new_target
from portwright.derive.generators import new_port
from portwright.describe import cpu as cpus
from portwright.describe import port as ports
from portwright.describe import rule, rustc_facts, spec
from portwright.describe import toolchain as toolchains
from portwright.describe.cpu import Cpu
from portwright.describe.rustc_facts import RustcFacts
from portwright.describe.spec_case import Case
from portwright.jobs import Arg

VERB = "new"
TRIPLE = re.compile(r"[a-z0-9_]+(-[a-z0-9_.]+){1,3}")
PAGE = 4096


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright new` can be told."""

    triple: Annotated[str, Arg("The new target's name, as in x86_64-unknown-myos.", positional=True)]
    like: Annotated[
        str | None,
        Arg(
            "What it is most like: a built-in target, or a port (whose ledger is copied).",
            metavar="TRIPLE|PORT",
        ),
    ] = None
    directory: Annotated[
        Path | None, Arg("The folder to write (not there yet); else one named as the triple.")
    ] = None


@dataclass(frozen=True, slots=True)
class Result:
    """The folder that was written, its files, and what it is like."""

    folder: Path
    like: str
    files: tuple[str, ...]

    @property
    def status(self) -> int:
        """Always 0: what cannot be written is an error."""
        return 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Write the folder; nothing is written where it would not pass `check`, or where something is already."""
    folder = (arguments.directory or Path(arguments.triple)).absolute()
    facts = rustc_facts.load(toolchains.find(need_source=False))
    faults = [*_name_faults(arguments.triple, facts), *_folder_faults(folder)]
    raise_if(faults)
    yield Begun("texts")
    like = arguments.like or _default_like(arguments.triple, facts)
    if like in facts.specs:
        texts = _like_built_in(arguments.triple, like, facts)
    else:
        texts = _like_port(arguments.triple, like, facts)
    _check(texts, facts)
    with folder_atomic(folder) as fresh:
        for name, text in texts.items():
            write_atomic(fresh / name, text)
    yield Ended("texts", "written", 0.0)
    return Result(folder, like, tuple(texts))


def _name_faults(triple: str, facts: RustcFacts) -> list[Fault]:
    if not TRIPLE.fullmatch(triple):
        hint = "a target is named CPU-VENDOR-OS: lower-case letters, digits and `_`, as x86_64-unknown-myos"
        return [Fault(f"`{triple}` is no name of a target", None, hint, "new/triple")]
    if triple in facts.specs:
        hint = "choose the name of your own system; `portwright check` takes built-in targets as they are"
        return [Fault(f"rustc has a target {triple} already", None, hint, "new/built-in")]
    return []


def _folder_faults(folder: Path) -> list[Fault]:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        return [
            Fault(
                "something else is there already", Where(folder), "choose another --directory", "new/exists"
            )
        ]
    if folder.is_dir() and any(folder.iterdir()):
        hint = "choose another --directory, or take that folder away; nothing is overwritten"
        return [Fault("the folder is there already, and not empty", Where(folder), hint, "new/exists")]
    return []


def _default_like(triple: str, facts: RustcFacts) -> str:
    """The bare-metal target of the triple's CPU."""
    cpu = triple.split("-")[0]
    usual = [f"{cpu}-unknown-none", f"{cpu}-unknown-none-elf", f"{cpu}-unknown-linux-gnu"]
    found = [name for name in usual if name in facts.specs]
    found += sorted(name for name in facts.specs if name.split("-")[0] == cpu)
    if not found:
        known = sorted({name.split("-")[0] for name in facts.specs})
        near = closest(cpu, known)
        hint = f"did you mean `{near}`? " if near else ""
        raise fail(f"rustc has no target of a CPU `{cpu}`", None, hint + "name one with --like", "new/like")
    return found[0]


def _like_built_in(triple: str, like: str, facts: RustcFacts) -> dict[str, str]:
    keys = facts.need_builtin(like)
    odd = keys.get("binary-format", "elf") != "elf" or keys.get("is-like-wasm") or keys.get("obj-is-bitcode")
    if odd:
        what = f"programs for {like} are not ELF, and std's layer is for systems that load ELF"
        raise fail(what, None, "name a target of ELF with --like", "new/like")
    _same_cpu(triple, like, keys, facts)
    cpu = _cpu(str(keys["arch"]))
    rust = toolchains.minor(facts.toolchain.version)
    return new_port.files(triple, like, new_target.choices(triple, keys), cpu, PAGE, rust)


def _same_cpu(triple: str, like: str, keys: Mapping[str, Any], facts: RustcFacts) -> None:
    """Refuse a triple that names another CPU than the target it is like."""
    word, arch = triple.split("-")[0], str(keys["arch"])
    owners = {
        str(row["arch"])
        for name, row in facts.specs.items()
        if word in (name.split("-")[0], str(row["llvm-target"]).split("-")[0], row["arch"])
    }
    if owners and arch not in owners:
        what = f"{triple} is for {' or '.join(sorted(owners))}, and {like} is for {arch}"
        raise fail(what, None, "a port is like a target of its own CPU", "new/cpu")


def _cpu(arch: str) -> Cpu:
    """The description of a CPU by rustc's name for it; raises `BadInput` that says which file to add."""
    found = cpus.of_arch(arch)
    if found is None:
        have = ", ".join(cpus.cpu(name).rustc_arch for name in rooms.names(cpus.ROOM))
        what = f"portwright has no description of the CPU `{arch}`"
        hint = f"to add it, write src/portwright/describe/cpus/{arch}.py; there are: {have}"
        raise fail(what, None, hint, "new/cpu-unknown")
    return found


def _like_port(triple: str, like: str, facts: RustcFacts) -> dict[str, str]:
    """The texts of a port like another: its own files with the names changed, and the first program."""
    import tomlkit

    try:
        port = ports.load(like)
    except BadInput as error:
        if all(fault.code != "port/unknown" for fault in error.faults):
            raise
        near = closest(like, [*facts.specs, *ports.bundled()])
        hint = f"did you mean `{near}`?" if near else "name a built-in target or a port's folder"
        raise fail(f"no target and no port `{like}`", None, hint, "new/like") from None
    if port.abi is None:
        what = f"{like} has no abi.toml yet, which a port like it would begin with"
        raise fail(what, None, "name a built-in target or a port with a ledger", "new/no-ledger")
    _same_cpu(triple, like, spec.of_port(port, facts).keys, facts)
    document: Any = tomlkit.parse((port.folder / "port.toml").read_text(encoding="utf-8"))
    document["port"]["target"] = triple
    document["port"]["summary"] = f"{new_target.system(triple)}: say here in one line what it is"
    document["port"].pop("homepage", None)
    document["target"]["os"] = new_target.system(triple)
    if triple.count("-") >= 2:
        document["target"]["vendor"] = triple.split("-")[1]
    # Its programs are its own, and the images that they lie in; a first program is written for this port.
    for table in ("program", "programs", "image"):
        document.pop(table, None)
    head = f"# {triple}: a port, begun as a copy of {port.target} by `portwright new`.\n\n"
    text = head + tomlkit.dumps(document).rstrip() + "\n\n" + new_port.program(triple)
    ledger = (port.folder / "abi.toml").read_text(encoding="utf-8")
    head = f"# The ledger of {new_target.system(triple)}, begun as a copy of that of {port.target}.\n"
    head += "# Put your kernel's own facts in their places; `portwright check` finds what does not fit.\n\n"
    return {"port.toml": text, "abi.toml": head + ledger, **new_port.hello(triple)}


def _check(texts: Mapping[str, str], facts: RustcFacts) -> None:
    """Refuse texts that `portwright check` would find an error in; they are written to a folder that goes away."""
    from portwright.describe import ledger_check

    with tempfile.TemporaryDirectory(prefix="portwright-new-") as name:
        folder = Path(name)
        for file, text in texts.items():
            write_atomic(folder / file, text)
        port = ports.load(str(folder))
        case = Case(spec.of_port(port, facts), facts, port.manifest.os, port.manifest)
        found = [f.fault() for f in rule.examine(case) if f.severity == "error"]
        found += [
            f.fault() for f in ledger_check.check(port.ledger, port.ledger_places) if f.severity == "error"
        ]
    placed = [
        Fault(f.what, Where(Path(str(f.where.file)).name, f.where.line) if f.where else None, f.hint, f.code)
        for f in found
    ]
    raise_if(placed)
