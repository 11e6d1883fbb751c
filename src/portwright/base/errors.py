"""What is wrong, where, and what to do next: the one shape of every error and finding in portwright.

A `Fault` is one thing that is wrong. A `PortwrightError` carries all the faults that one pass found; the
command line prints them and exits with the error's `status`. A traceback reaching a person is a defect.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file (line and column count from 1), or an address in a binary."""

    file: Path | str
    line: int | None = None
    column: int | None = None
    address: int | None = None

    def __str__(self) -> str:
        text = str(self.file)
        if self.line is not None:
            text += f":{self.line}"
            if self.column is not None:
                text += f":{self.column}"
        if self.address is not None:
            text += f" at {self.address:#x}"
        return text


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    `what` is a sentence without a full stop; `where` the place; `hint` what to do next; `code` the rule or
    kind that found it (`spec/unknown-key`), stable for tools.
    """

    what: str
    where: Where | None = None
    hint: str | None = None
    code: str | None = None

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}\n  hint: {self.hint}" if self.hint else head


@dataclass
class PortwrightError(Exception):
    """Something could not be done; `faults` holds every reason found, never only the first."""

    faults: list[Fault] = field(default_factory=list)
    status: int = 2

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


class BadInput(PortwrightError):
    """What the user gave is wrong (exit status 2)."""


class MissingTool(PortwrightError):
    """A tool that the verb needs is not on this machine (exit status 2)."""


class StepFailed(PortwrightError):
    """A build step ran and failed: judged wrong (exit status 1)."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults, status=1)


def fail(what: str, where: Where | None = None, hint: str | None = None, code: str | None = None) -> BadInput:
    """Make (not raise) a `BadInput` of one fault: `raise fail("...")`."""
    return BadInput([Fault(what, where, hint, code)])


def raise_if(faults: Iterable[Fault], kind: type[PortwrightError] = BadInput) -> None:
    """Raise one error that holds all of `faults`, if there are any."""
    found = list(faults)
    if found:
        raise kind(found)


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name nearest to a misspelled one, or None where nothing is near."""
    import difflib

    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return near[0] if near else None
