"""`port.lock`: what a port was built with (compiler, LLVM, std's sources, tools), written once, held to later.

A port's own folder keeps it. For a bundled port, or a folder that cannot be written, the user's state folder does;
a `port.lock` that lies in the folder is always the one that counts.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from portwright.base.errors import BadInput, Fault, Where
from portwright.base.files import write_atomic
from portwright.base.hashing import hash_value
from portwright.describe.port import Port, bundled_folder
from portwright.describe.toolchain import Toolchain

NAME = "port.lock"

_MEANING = {
    "rustc": "the compiler's version",
    "rustc-commit": "the compiler's commit",
    "llvm": "the version of its LLVM",
    "source": "the hash of std's sources",
}


@dataclass(frozen=True, slots=True)
class Lock:
    """What a port is built with: facts by name, all texts, and the versions of the tools by the tool's name."""

    facts: Mapping[str, str]
    tools: Mapping[str, str]


def of(toolchain: Toolchain, source_digest: str, tools: Mapping[str, str]) -> Lock:
    """The lock of a build that is about to be done."""
    facts = {
        "rustc": toolchain.version,
        "rustc-commit": toolchain.commit,
        "llvm": toolchain.llvm_version,
        "source": source_digest,
    }
    return Lock(facts, dict(sorted(tools.items())))


def state_root() -> Path:
    """The user's folder for what is neither cache nor configuration; beside the cache where that was named."""
    cache = os.environ.get("PORTWRIGHT_CACHE")
    if cache:
        return Path(cache).absolute() / "state"
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "portwright"


def place(port: Port) -> Path:
    """Where the port's lock is, or will be written."""
    own = port.folder / NAME
    if own.is_file():
        return own
    if port.folder.parent == bundled_folder() or not os.access(port.folder, os.W_OK):
        folder = f"{port.folder.name}-{hash_value(str(port.folder))[:8]}"
        return state_root() / "locks" / folder / NAME
    return own


def read(path: Path) -> Lock | None:
    """The lock in a file, or None where there is none; raises `BadInput` where it is no lock."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _broken(path, str(error)) from None
    tools = tables.pop("tools", {})
    if not isinstance(tools, dict) or not all(
        isinstance(v, str) for v in [*tables.values(), *tools.values()]
    ):
        raise _broken(path, "not a table of texts")
    return Lock(tables, tools)


def _broken(path: Path, why: str) -> BadInput:
    hint = "`portwright build PORT --update-lock` writes it anew"
    return BadInput([Fault(f"this is no lock: {why}", Where(path), hint, "lock/unreadable")])


def text(lock: Lock) -> str:
    """The lock as a file."""
    lines = ["# Written by portwright: what this port was first built with. Commit it with the port."]
    lines += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in lock.facts.items()]
    lines += [
        "",
        "[tools]",
        *(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in lock.tools.items()),
    ]
    return "\n".join(lines) + "\n"


def faults(locked: Lock, found: Lock, path: Path) -> list[Fault]:
    """Every difference between the lock and what is there now, naming both sides."""
    hint = "use what the lock names, or accept what is here: `portwright build PORT --update-lock`"
    differing: list[Fault] = []
    for name, meaning in _MEANING.items():
        was, now = locked.facts.get(name), found.facts.get(name)
        if was != now:
            what = f"{meaning} is {now or 'unknown'}, {path.name} says {was or 'nothing'}"
            differing.append(Fault(what, Where(path, _line(path, name)), hint, "lock/mismatch"))
    for name in sorted({*locked.tools, *found.tools}):
        was, now = locked.tools.get(name), found.tools.get(name)
        if was != now:
            what = f"{name} is {now or 'not there'}, {path.name} says {was or 'nothing'}"
            differing.append(Fault(what, Where(path, _line(path, name)), hint, "lock/mismatch"))
    return differing


def _line(path: Path, name: str) -> int | None:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((at for at, line in enumerate(lines, 1) if line.split("=")[0].strip(' "') == name), None)


def hold(port: Port, found: Lock, *, accept: bool = False) -> str:
    """Hold a build to the port's lock, or write it: answers `same`, `written` or `updated`.

    Raises `BadInput` with every mismatch unless `accept`.
    """
    path = place(port)
    try:
        locked = read(path)
    except BadInput:
        if not accept:
            raise
        locked = None
    if locked is not None:
        differing = faults(locked, found, path)
        if not differing:
            return "same"
        if not accept:
            raise BadInput(differing)
    write_atomic(path, text(found))
    return "written" if locked is None else "updated"
