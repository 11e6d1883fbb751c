"""What a probe reported: its lines, found in whatever else a console shows; and the rows of a comparison with a ledger.

A line of the report begins with `PW1`. Nothing here knows what any of them means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

MARK = "PW1"
Agreement = Literal["agrees", "differs", "not-reported"]
LEAST_FAILURE = -4095


@dataclass(frozen=True, slots=True)
class Row:
    """One fact: its place in the ledger (`errors.ENOENT`), what the ledger says, what the probe saw.

    `change` is what to write in abi.toml where the two differ, as TOML; empty where only a person can say.
    """

    fact: str
    agreement: Agreement
    ledger: str = ""
    seen: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The lines of a probe as words, without their mark, in order."""

    lines: tuple[tuple[str, ...], ...]

    @property
    def complete(self) -> bool:
        """Whether it has its beginning, its end, and all that its end counts."""
        kinds = [line[0] for line in self.lines]
        if not kinds or kinds[0] != "begin" or kinds[-1] != "end" or len(self.lines[-1]) != 2:
            return False
        return self.lines[-1][1] == str(len(self.lines) - 1)

    @property
    def tried_last(self) -> str | None:
        """What the program was about to try when its report stops."""
        found = [line[1] for line in self.lines if line[0] == "trying" and len(line) > 1]
        return found[-1] if found and not self.complete else None

    def of(self, *words: str, least: int = 1) -> list[tuple[str, ...]]:
        """What follows these first words, in each line that begins with them and has so many more."""
        lines = (line[len(words) :] for line in self.lines if line[: len(words)] == words)
        return [rest for rest in lines if len(rest) >= least]

    def one(self, *words: str, least: int = 1) -> tuple[str, ...] | None:
        """What follows these first words in the first such line; None where there is none."""
        found = self.of(*words, least=least)
        return found[0] if found else None

    def number(self, *words: str) -> int | None:
        """The number behind these first words; None where there is none."""
        found = self.one(*words)
        return value(found[0]) if found else None


def read(text: bytes) -> Report:
    """The report in a transcript, whatever stands before, between and behind its lines."""
    return Report(tuple(_lines(text.decode("ascii", errors="replace"))))


def _lines(text: str) -> Iterator[tuple[str, ...]]:
    # What has no end of its own is half a line, and its last word may be half a number.
    for line in re.split(r"[\r\n]+", text)[:-1]:
        _, mark, rest = line.partition(f"{MARK} ")
        if mark and rest.strip():
            yield tuple(rest.split())


def value(word: str) -> int | None:
    """A number of the report; None for any other word (`absent`)."""
    try:
        return int(word, 0)
    except ValueError:
        return None


def octets(word: str) -> bytes:
    """Bytes of the report."""
    try:
        return bytes.fromhex(word)
    except ValueError:
        return b""


def failed(result: int | None) -> bool:
    """Whether a call's result is a failure."""
    return result is not None and LEAST_FAILURE <= result < 0


def row(fact: str, agrees: bool, ledger: object, seen: object, change: str = "") -> Row:
    """A row of a fact that was reported."""
    return Row(fact, "agrees" if agrees else "differs", str(ledger), str(seen), "" if agrees else change)


def unseen(fact: str, ledger: object, why: str = "") -> Row:
    """A row of a fact of which the report says nothing."""
    return Row(fact, "not-reported", str(ledger), why)


def toml_list(words: list[str]) -> str:
    """A list of strings as TOML."""
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"
