"""How one run of the userland machine is asked for: plain data, the same for a person, `up` and a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from portwright.base.errors import Fault, fail
from portwright.run.fault_rule import Rule
from portwright.run.limits import Limits
from portwright.run.root import Share


@dataclass(frozen=True, slots=True)
class Options:
    """One run.

    `arguments` without the program's own name, which is `name` (else the binary's). `environment` comes on top
    of what the ledger's OS gives. `stdin` as bytes, or None for portwright's own. `capture`: the program's
    output becomes events instead of going to portwright's own streams. `files` are put into the root before
    the start, `programs` (files of the host, by their places there) as what may be executed, and the program itself
    `at` a place, which is then its name (a share may show it there already). `trace` lines go to the file descriptor
    `trace_fd`; `calls` makes an event of every call. `seed` None: a new one each time. `faults` are made to happen,
    by the first rule that fits a call.
    """

    arguments: tuple[str, ...] = ()
    name: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    engine: str | None = None
    root: Path | None = None
    shares: tuple[Share, ...] = ()
    cwd: str = "/"
    files: Mapping[str, bytes] = field(default_factory=dict)
    programs: Mapping[str, Path] = field(default_factory=dict)
    at: str | None = None
    kind: bool = False
    seed: int | None = None
    clock: Literal["real", "virtual"] = "real"
    network: Literal["loopback", "none"] = "loopback"
    limits: Limits = field(default_factory=Limits)
    stdin: bytes | None = None
    capture: bool = False
    trace: Literal["", "text", "json"] = ""
    trace_fd: int = 2
    calls: bool = False
    faults: tuple[Rule, ...] = ()


_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def size(text: str) -> int:
    """A size for a person (`512M`, `2G`, `1048576`) in bytes; raises `BadInput`."""
    number = text.strip().lower().removesuffix("ib").removesuffix("b")
    digits, unit = (number[:-1], number[-1]) if number[-1:] in _UNITS and number[-1:] else (number, "")
    if not digits.isdecimal() or int(digits) == 0:
        raise fail(f"`{text}` is no size", hint="write it as 512M, 2G or a number of bytes", code="run/size")
    return int(digits) * _UNITS[unit]


def program(text: str) -> tuple[tuple[str, Path] | None, list[Fault]]:
    """`HOST=GUEST` as a program for the root (its place there, its file here), or what is wrong with it."""
    host, separator, guest = text.rpartition("=")
    hint = "write --install HOST=GUEST, for example --install target/helper=/bin/helper"
    if not separator or not host:
        return None, [Fault(f"`--install {text}` names no guest path", None, hint, "run/programs")]
    if not _is_guest_path(guest):
        return None, [Fault(f"`{guest}` is no absolute guest path below /", None, hint, "run/programs")]
    if not Path(host).is_file():
        return None, [Fault(f"`{host}` is no file", None, hint, "run/programs")]
    return (guest, Path(host).resolve()), []


def place(text: str) -> list[Fault]:
    """What is wrong with a place for the program itself."""
    if _is_guest_path(text):
        return []
    hint = "write --at /bin/NAME"
    return [Fault(f"`--at {text}` is no absolute guest path below /", None, hint, "run/programs")]


def _is_guest_path(text: str) -> bool:
    return text.startswith("/") and text.strip("/") != "" and ".." not in text.split("/")


def share(text: str) -> tuple[Share | None, list[Fault]]:
    """`HOST=GUEST` or `HOST=GUEST:ro` as a share, or what is wrong with it."""
    host, separator, guest = text.rpartition("=")
    readonly = guest.endswith(":ro")
    guest = guest.removesuffix(":ro")
    hint = "write --share HOST=GUEST, for example --share ./data=/data (or =/data:ro)"
    if not separator or not host:
        return None, [Fault(f"`--share {text}` names no guest path", None, hint, "run/share")]
    if not _is_guest_path(guest):
        return None, [Fault(f"`{guest}` is no absolute guest path below /", None, hint, "run/share")]
    if not Path(host).is_dir():
        return None, [Fault(f"`{host}` is no folder", None, hint, "run/share")]
    return Share(Path(host).resolve(), guest, readonly), []
