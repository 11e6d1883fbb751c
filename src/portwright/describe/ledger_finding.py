"""What the ledger's check finds, and the case that each of its checks looks at; no check is here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from portwright.base.errors import Fault, Where
from portwright.describe.cpu import Cpu
from portwright.describe.ledger import Call, Ledger
from portwright.describe.toml_file import Places
from portwright.describe.toml_positions import Key

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of sense in a ledger. An `error` makes what is generated from it wrong; a `warning` may be meant.

    `code` is the kind, stable for tools; `key` the ledger's key that it is about.
    """

    severity: Severity
    code: str
    what: str
    key: tuple[Key, ...]
    where: Where
    hint: str | None = None

    def fault(self) -> Fault:
        """The finding as the fault that errors are made of."""
        return Fault(self.what, self.where, self.hint, self.code)


@dataclass(frozen=True, slots=True)
class Case:
    """A ledger, where its keys stand, and its CPU (None where the ledger names one that is not known)."""

    ledger: Ledger
    places: Places
    cpu: Cpu | None

    def error(self, code: str, what: str, *key: Key, hint: str | None = None) -> Finding:
        """A finding that is certainly wrong."""
        return Finding("error", f"ledger/{code}", what, key, self.places(*key), hint)

    def warning(self, code: str, what: str, *key: Key, hint: str | None = None) -> Finding:
        """A finding that may be meant."""
        return Finding("warning", f"ledger/{code}", what, key, self.places(*key), hint)

    def line(self, *key: Key) -> str:
        """Where a key stands, in the words of a sentence (`line 12`)."""
        return f"line {self.places(*key).line}"


def number_key(name: str, call: Call, number: int) -> tuple[Key, ...]:
    """The key under which a call has a number: its own, or the one of its aliases."""
    if number == call.number:
        return ("syscalls", name, "number")
    return ("syscalls", name, "aliases", call.aliases.index(number))
