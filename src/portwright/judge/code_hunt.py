"""Judges a hunt after wrong code: what each program came to, held against this machine; and a report of what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Result = int | str


@dataclass(frozen=True, slots=True)
class Difference:
    """A program that came to something else. `seen` is its number in hexadecimal or how it ended; `cause` what was found
    out about it: a pass, a known fault."""

    program: str
    level: str
    cpu: str
    seen: str
    expected: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One level and CPU: how many programs were run, how many were right, and those that were not."""

    level: str
    cpu: str
    programs: int
    right: int
    seconds: float
    differences: tuple[Difference, ...] = ()


def differences(
    level: str, cpu: str, expected: Mapping[str, int], seen: Mapping[str, Result]
) -> tuple[Difference, ...]:
    """Every program that did not come to what it should."""
    return tuple(
        Difference(name, level, cpu, _shown(result), _shown(expected[name]))
        for name, result in seen.items()
        if result != expected[name]
    )


def _shown(result: Result) -> str:
    return result if isinstance(result, str) else f"{result:#018x}"


def report(found: Difference, text: str, compiler: str, target: str) -> str:
    """A report of one difference as a compiler's developers can use it."""
    title = f"{found.program} at opt-level {found.level} for {found.cpu or target}"
    cause = found.cause or "not narrowed down"
    return (
        f"# Wrong code: {title}\n\n{compiler}, target `{target}`.\n\n"
        f"Expected `{found.expected}` (x86-64 and the source's meaning), seen: `{found.seen}`.\n\n"
        f"Narrowed to: {cause}.\n\n## The program\n\n```rust\n{text.strip()}\n```\n"
    )
