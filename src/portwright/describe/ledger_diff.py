"""Two ledgers compared: where they disagree about calls, about numbers, and about everything else, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from portwright.describe.ledger import Call, Ledger
from portwright.describe.ledger_calls import plain
from portwright.describe.ledger_text import shown, words

Section = Literal[
    "calls", "numbers", "abi", "entry", "memory", "errors", "constants", "types", "directory", "clocks"
]
MISSING = None
_Row = tuple[Section, str, Any, Any]
# What two ledgers may say of one thing without disagreeing about the ABI.
SILENT = frozenset({"source", "note", "why", "default-source", "kernel-name", "kernel-aliases", "message"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One row: what it is about, what each ledger says of it (None: nothing), and the disagreement in words."""

    section: Section
    key: str
    left: Any
    right: Any
    says: str


def compare(left: Ledger, right: Ledger, names: tuple[str, str]) -> tuple[int, list[Difference]]:
    """How many rows agree, and those that do not: calls, what each disputed number means, then the other tables.

    `names` are what the rows call the two ledgers.
    """
    calls, tables = list(_calls(left, right)), list(_tables(left, right))
    differences = [*_different(calls, names), *_numbers(left, right, names), *_different(tables, names)]
    rows = [*calls, *tables]
    return sum(row[2] == row[3] for row in rows), differences


def _different(rows: list[_Row], names: tuple[str, str]) -> Iterator[Difference]:
    for section, key, left, right in rows:
        if left is MISSING or right is MISSING:
            yield Difference(section, key, left, right, f"{key}: only in {names[left is MISSING]}")
        elif left != right:
            says = [_only_changed(value, other) for value, other in ((left, right), (right, left))]
            yield Difference(
                section, key, left, right, f"{key}: {says[0]} in {names[0]}, {says[1]} in {names[1]}"
            )


def _only_changed(value: Any, other: Any) -> str:
    """What is said of a thing, without what both say alike."""
    if isinstance(value, Mapping) and isinstance(other, Mapping):
        value = {key: inner for key, inner in value.items() if other.get(key) != inner}
    return words(value)


def _calls(left: Ledger, right: Ledger) -> Iterator[_Row]:
    """Calls that are one: by operation where both have it, else by name."""
    other: dict[str, str] = {}
    for name, call in right.syscalls.items():
        for key in _keys(name, call):
            other.setdefault(key, name)
    seen: set[str] = set()
    for name, call in left.syscalls.items():
        match = next(
            (other[key] for key in _keys(name, call) if key in other and other[key] not in seen), None
        )
        if match is None:
            yield "calls", _titled(name, call), _call(call), MISSING
            continue
        seen.add(match)
        title = _titled(name if name == match else f"{name} / {match}", call)
        yield "calls", title, _call(call), _call(right.syscalls[match])
    for name, call in right.syscalls.items():
        if name not in seen:
            yield "calls", _titled(name, call), MISSING, _call(call)


def _keys(name: str, call: Call) -> list[str]:
    keys = [f"operation {call.operation}"] if call.operation else []
    return [*keys, f"kernel {call.kernel_name}" if call.kernel_name else "", plain(name)]


def _titled(name: str, call: Call) -> str:
    return f"{name} ({call.operation})" if call.operation and call.operation != name else name


def _call(call: Call) -> dict[str, Any]:
    table = call.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    rows = {key: value for key, value in table.items() if key not in SILENT | {"operation", "blocking"}}
    return (
        rows | {"arguments": [shown(value) for value in call.arguments]}
        if call.arguments is not None
        else rows
    )


def _numbers(left: Ledger, right: Ledger, names: tuple[str, str]) -> Iterator[Difference]:
    """Numbers that mean one call in one ledger and another in the other."""
    for number in sorted(set(left.numbers) & set(right.numbers)):
        (name, call), (other, other_call) = left.numbers[number], right.numbers[number]
        if not (set(_keys(name, call)) - {""}) & set(_keys(other, other_call)):
            says = f"number {number} means {name} in {names[0]}, {other} in {names[1]}"
            yield Difference("numbers", str(number), name, other, says)


def _tables(left: Ledger, right: Ledger) -> Iterator[_Row]:
    sections: tuple[Section, ...] = (
        "abi",
        "entry",
        "memory",
        "clocks",
        "errors",
        "constants",
        "types",
        "directory",
    )
    documents = [ledger.model_dump(mode="json", by_alias=True) for ledger in (left, right)]
    for section in sections:
        first, second = (_rows(section, document.get(section) or {}) for document in documents)
        for key in dict.fromkeys([*first, *second]):
            yield section, key, first.get(key), second.get(key)


def _rows(section: Section, table: Mapping[str, Any]) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for key, value in table.items():
        if key in SILENT or value is None:
            continue
        if section == "errors":
            value = value["number"] if isinstance(value, Mapping) else value
        elif isinstance(value, Mapping):
            value = {name: inner for name, inner in value.items() if name not in SILENT and inner is not None}
        rows[key] = value
    return rows
