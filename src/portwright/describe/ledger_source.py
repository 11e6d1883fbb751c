"""The ledger against the kernel's source: which numbers agree, which differ, which are missing on either side.

Reading source code is the extractors' work (`extractors/`); here their tables are found and compared.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from portwright.base import rooms
from portwright.base.errors import BadInput, Where, fail
from portwright.describe import cpu as cpus
from portwright.describe.extractors import Number, Table
from portwright.describe.ledger import Ledger, Source
from portwright.describe.ledger_finding import number_key
from portwright.describe.toml_file import Places

ROOM = "portwright.describe.extractors"
Kind = Literal["syscalls", "errors", "constants"]
KINDS: tuple[Kind, ...] = ("syscalls", "errors", "constants")
Outcome = Literal["matches", "differs", "not-in-source", "not-in-ledger", "unreadable"]
PREFIX = re.compile(r"^(?:__NR_|NR_|__SYS_|SYS_|SYSCALL_|sys_|Sys(?=[A-Z]))")
SKIPPED = frozenset({".git", "target", "node_modules", "build", ".cargo", "vendor"})
LARGEST = 2_000_000  # bytes; longer files are generated data


@dataclass(frozen=True, slots=True)
class Row:
    """One name compared: what the ledger says and where, what the source says and where."""

    kind: Kind
    outcome: Outcome
    name: str
    ledger: int | None = None
    ledger_at: Where | None = None
    source: int | None = None
    source_name: str | None = None
    source_at: Where | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A table of the source that was compared: where, read by which extractor, chosen how."""

    kind: Kind
    file: Path
    form: str
    table: str
    line: int
    by: Literal["ledger", "search"]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A number in the ledger; `names` are what the source may call it, its own name there first."""

    name: str
    names: tuple[str, ...]
    value: int
    at: Where


def compare(ledger: Ledger, places: Places, folder: Path) -> tuple[list[Found], list[Row]]:
    """Every kind of number that the ledger has a source for, compared with the tree (or the file) at `folder`."""
    if not folder.exists():
        raise fail(
            "no such file or folder",
            Where(folder),
            "give the root of the kernel's source tree",
            "source/missing",
        )
    found: list[Found] = []
    rows: list[Row] = []
    for kind in KINDS:
        if kind != "syscalls" and kind not in ledger.sources:
            continue
        entries = list(_entries(ledger, places, kind))
        chosen = _table(ledger, kind, entries, folder)
        if chosen is None and (folder.is_dir() or (kind == KINDS[-1] and not found)):
            raise _no_table(ledger, kind, folder)
        if chosen is not None:
            found.append(chosen[1])
            rows += _compared(kind, entries, *chosen)
    return found, rows


def normal(name: str) -> str:
    """A name without what only style or a namespace puts there: `SYS_FILE_OPEN`, `FileOpen` and `file_open` are one."""
    return PREFIX.sub("", name).replace("_", "").lower() or name.lower()


def _entries(ledger: Ledger, places: Places, kind: Kind) -> Iterator[_Entry]:
    if kind == "constants":
        for name, value in ledger.constants.items():
            yield _Entry(name, (name,), value, places("constants", name))
    elif kind == "errors":
        for name, error in ledger.errors.items():
            own = None if isinstance(error, int) else error.kernel_name
            number = error if isinstance(error, int) else error.number
            yield _Entry(name, (own, name) if own else (name,), number, places("errors", name))
    else:
        seen: set[int] = set()
        for name, call in ledger.syscalls.items():
            numbers = [] if call.number is None else [call.number, *call.aliases]
            further: list[str | None] = [*call.kernel_aliases] or [None] * len(call.aliases)
            kernel = [call.kernel_name, *further]
            for number, own in zip(numbers, kernel, strict=False):
                if number in seen:  # another part of one call, told apart by a fixed argument
                    continue
                seen.add(number)
                names = (own, name) if own and number == call.number else ((own,) if own else (name,))
                yield _Entry(name, names, number, places(*number_key(name, call, number)))


def _table(ledger: Ledger, kind: Kind, entries: Sequence[_Entry], folder: Path) -> tuple[Table, Found] | None:
    """The table that the ledger names, or else the one in the tree that knows most of the ledger's names."""
    hint = _hint(ledger, kind)
    facts = _facts(ledger)
    if (folder / hint.file).is_file():
        best = _best(_read(folder / hint.file, hint, facts, kind), entries, least=1)
        if best is not None:
            return best[0], Found(kind, best[2], best[1], best[0].name, best[0].line, "ledger")
    files = [folder] if folder.is_file() else _files(folder)
    candidates = (row for path in files for row in _read(path, Source(file=""), facts, kind))
    # A stray enum with `Read` and `Write` is no table of calls: most of the ledger has to be in it.
    best = _best(candidates, entries, least=max(2, len(entries) // 3))
    return best and (best[0], Found(kind, best[2], best[1], best[0].name, best[0].line, "search"))


def _hint(ledger: Ledger, kind: Kind) -> Source:
    return ledger.sources.get(kind) or Source(file=ledger.abi.default_source or "")


def _no_table(ledger: Ledger, kind: Kind, folder: Path) -> BadInput:
    hint = _hint(ledger, kind)
    looked = f"looked for {f'`{hint.name}` in ' if hint.name else ''}{hint.file or 'any file'}"
    advice = (
        f"{looked}, then for a table with most of the ledger's names; name the file under [sources]: {kind}"
    )
    return fail(f"no table of {kind} in this source", Where(folder), advice, "source/no-table")


def _facts(ledger: Ledger) -> dict[str, str]:
    if ledger.abi.cpu not in rooms.names(cpus.ROOM):
        return {}
    cpu = cpus.cpu(ledger.abi.cpu)
    return {
        "target_arch": cpu.rustc_arch,
        "target_pointer_width": str(cpu.pointer_bits),
        "target_endian": cpu.endian,
        "target_os": "none",
    }


_Candidate = tuple[Table, str, Path]


def _read(path: Path, hint: Source, facts: Mapping[str, str], kind: Kind) -> Iterator[_Candidate]:
    """The tables of a file, of the hint's name only if it has one, with the extractor that read each."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    forms = (
        [hint.form] if hint.form else [name for name in rooms.names(ROOM) if path.suffix in _suffixes(name)]
    )
    for form in forms:
        for table in rooms.load(ROOM, form).extract(text, facts):
            assert isinstance(table, Table)
            if table.name:
                if hint.name is None or table.name == hint.name:
                    yield table, form, path
            else:
                numbers = tuple(number for number in table.numbers if _belongs(number.name, hint.name, kind))
                yield Table(hint.name or "", table.line, numbers), form, path


def _belongs(name: str, prefix: str | None, kind: Kind) -> bool:
    """Whether a number of a nameless table (macros) is of the kind: by the hint's prefix, else by custom."""
    if prefix is not None:
        return name.startswith(prefix)
    return kind != "syscalls" or PREFIX.match(name) is not None


def _suffixes(form: str) -> tuple[str, ...]:
    found = rooms.load(ROOM, form).SUFFIXES
    assert isinstance(found, tuple)
    return found


def _files(folder: Path) -> Iterator[Path]:
    suffixes = {suffix for form in rooms.names(ROOM) for suffix in _suffixes(form)}
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        for name in sorted(files):
            path = Path(place) / name
            if path.suffix in suffixes and path.is_file() and path.stat().st_size <= LARGEST:
                yield path


def _best(candidates: Iterable[_Candidate], entries: Sequence[_Entry], least: int) -> _Candidate | None:
    """The candidate that knows most of the ledger's names, with most of their values; None where none has `least`."""
    best: tuple[tuple[int, int], _Candidate] | None = None
    wanted = {normal(name): entry for entry in entries for name in entry.names}
    for candidate in candidates:
        known = [number for number in candidate[0].numbers if normal(number.name) in wanted]
        entered = {id(wanted[normal(number.name)]) for number in known}
        agreeing = sum(abs(number.value or 0) == abs(wanted[normal(number.name)].value) for number in known)
        score = (len(entered), agreeing)
        if len(entered) >= least and (best is None or score > best[0]):
            best = (score, candidate)
    return best and best[1]


def _compared(kind: Kind, entries: Sequence[_Entry], table: Table, where: Found) -> Iterator[Row]:
    """A row for each number of the ledger, then one for each that only the source has."""
    left: dict[str, list[Number]] = {}
    for number in table.numbers:
        left.setdefault(normal(number.name), []).append(number)
    pairs = [(entry, _take(entry, left)) for entry in entries]
    alone = [number for rest in left.values() for number in rest]
    for entry, found in pairs:
        yield _missing(kind, entry, alone, where) if found is None else _paired(kind, entry, found, where)
    for number in alone:
        at = Where(where.file, number.line)
        yield Row(kind, "not-in-ledger", number.name, None, None, _value(kind, number), number.name, at)


def _paired(kind: Kind, entry: _Entry, number: Number, where: Found) -> Row:
    value, at = _value(kind, number), Where(where.file, number.line)
    if value is None:
        hint = f"cannot work out `{number.text}`"
        return Row(kind, "unreadable", entry.name, entry.value, entry.at, None, number.name, at, hint)
    outcome: Outcome = "matches" if value == entry.value else "differs"
    return Row(kind, outcome, entry.name, entry.value, entry.at, value, number.name, at)


def _missing(kind: Kind, entry: _Entry, alone: Sequence[Number], where: Found) -> Row:
    """A number that the source does not have under any of its names, with what has its value there."""
    same = next((number for number in alone if _value(kind, number) == entry.value), None)
    if same is None:
        return Row(kind, "not-in-source", entry.name, entry.value, entry.at)
    hint = f'{entry.value} is `{same.name}` there: if it is this one, kernel-name = "{same.name}"'
    at = Where(where.file, same.line)
    return Row(kind, "not-in-source", entry.name, entry.value, entry.at, source_at=at, hint=hint)


def _take(entry: _Entry, left: dict[str, list[Number]]) -> Number | None:
    """The source's number of an entry, taken out of what is left: spelled the same, else of the same value first."""
    for name in entry.names:
        rest = left.get(normal(name), [])
        if rest:
            exact = [each for each in rest if each.name == name]
            equal = [each for each in rest if abs(each.value or 0) == abs(entry.value)]
            number = (exact or equal or rest)[0]
            rest.remove(number)
            return number
    return None


def _value(kind: Kind, number: Number) -> int | None:
    """A number as the ledger would write it: kernels often keep errors negative."""
    return abs(number.value) if kind == "errors" and number.value is not None else number.value
