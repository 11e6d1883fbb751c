"""What a check of a FAT volume finds: a problem, and the change that would mend it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from portwright.formats import Problem


@dataclass(slots=True)
class Finding:
    """A problem, and the change that mends it: bytes to write, entries of the table to set, a copy of the table to
    lay over the others, or chains (first cluster, how many) to be made into files."""

    problem: Problem
    done: str = ""
    writes: list[tuple[int, bytes]] = field(default_factory=list)
    entries: dict[int, int] = field(default_factory=dict)
    from_copy: int | None = None
    rescued: list[tuple[int, int]] = field(default_factory=list)


def error(code: str, what: str, address: int, path: bytes = b"", hint: str = "") -> Finding:
    """One that is for a person to mend."""
    return Finding(Problem(code, what, address, path, hint))


def warning(code: str, what: str, address: int, hint: str = "") -> Finding:
    """One that does no harm here."""
    return Finding(Problem(code, what, address, hint=hint, severity="warning"))


def mended(
    code: str,
    what: str,
    address: int,
    done: str,
    writes: list[tuple[int, bytes]] | None = None,
    entries: dict[int, int] | None = None,
    path: bytes = b"",
    hint: str = "",
    mild: bool = False,
) -> Finding:
    """One that can be mended without losing anything; `mild`: nothing is lost if it is not."""
    severity: Literal["error", "warning"] = "warning" if mild else "error"
    return Finding(
        Problem(code, what, address, path, hint, severity, True), done, writes or [], entries or {}
    )
