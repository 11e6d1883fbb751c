"""What a job says while it works: small values that the command line (or an agent) shows; jobs never print."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal, TypeVar


@dataclass(frozen=True, slots=True)
class Begun:
    """A part of the job began; `total` counts what `Advanced` will count, where that is known."""

    part: str
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Advanced:
    """A part of the job went on: `done` so far and what is being done now."""

    part: str
    done: int
    now: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """A part of the job ended; `outcome` in one or two words (`built`, `unchanged`, `failed`)."""

    part: str
    outcome: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should know (`level` as in logging)."""

    text: str
    level: Literal["debug", "info", "warning"] = "info"


Event = Begun | Advanced | Ended | Note


T = TypeVar("T")


def outcome(work: Generator[object, None, T]) -> T:
    """What a job (or another generator) comes to, for who does not care for what it yields."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            value: T = end.value
            return value
