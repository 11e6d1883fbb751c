"""Are two builds the same, and if not, why: walks folders and archives in pairs and has every difference explained."""

from __future__ import annotations

import os
import stat
import struct
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from portwright.base.errors import BadInput, Fault, Where, fail
from portwright.base.sources import File, Source
from portwright.formats import ar, elf
from portwright.judge import cause, data_pair, elf_pair, stages, symbol_names, unpacking
from portwright.judge.bytewise import same, whole
from portwright.judge.data_pair import Place
from portwright.judge.difference import Bounds, Context, Difference, Finding, Part, Role, Same
from portwright.judge.elf_side import Side
from portwright.judge.unpacking import Entry, Expander

ROLES: tuple[Role, ...] = ("real", "cause", "consequence")
LOADED: tuple[Part, ...] = ("code", "data", "unwind", "relocations")
METADATA = (".rmeta",)
Found = Iterator[Difference | str]
"""Differences; a text is the path of what is looked at now."""


@dataclass(frozen=True, slots=True)
class Summary:
    """All that one cause explains: how many places in how many files, and the cure."""

    cause: str
    title: str
    role: Role
    places: int
    files: int
    cure: str


@dataclass(frozen=True, slots=True)
class Differing:
    """A file that differs; `loaded` says whether what is loaded of it does (None: it is no ELF file)."""

    path: str
    places: int
    loaded: bool | None


@dataclass(frozen=True, slots=True)
class Report:
    """What came out: `compared` counts files and members, `notes` are for the pair as a whole, `bounds` say in words
    where something was not looked into."""

    left: str
    right: str
    same: bool
    compared: int
    causes: tuple[Summary, ...] = ()
    files: tuple[Differing, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    bounds: tuple[str, ...] = ()

    @property
    def real(self) -> int:
        """How many differences no flag explains."""
        return sum(row.places for row in self.causes if row.role == "real")


def compare(left: Path, right: Path, bounds: Bounds | None = None) -> Generator[str, None, Report]:
    """Compare two folders or two files; yields the path of each pair that it looks at. Raises `BadInput` where there
    is nothing to compare."""
    bounds = bounds or Bounds()
    kinds = [_root_kind(path) for path in (left, right)]
    if kinds[0] != kinds[1]:
        what = f"{left} is a {kinds[0]} and {right} a {kinds[1]}"
        hint = "unpack an archive first to compare it with a folder"
        raise fail(what, Where(right), hint, "fixpoint/kinds")
    context = Context(os.path.abspath(left), os.path.abspath(right))  # noqa: PTH100 - no link is followed
    collected = _Collected(context, bounds)
    with Expander(bounds) as expander:
        walk = _Walk(bounds, expander)
        if kinds[0] == "folder":
            found = walk.entries("", _folder(left, bounds), _folder(right, bounds), ordered=False)
        else:
            found = walk.contents("", File(left), File(right), 0)
        for row in found:
            if isinstance(row, str):
                yield row
            else:
                collected.add(row)
    return collected.report(str(left), str(right), walk, (*stages.notes(context.left, context.right),))


class _Collected:
    """Findings as they come: all are counted, of each cause and file some are kept."""

    def __init__(self, context: Context, bounds: Bounds) -> None:
        self._context, self._bounds = context, bounds
        self._kept: list[Finding] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._loaded: dict[str, bool] = defaultdict(bool)
        self._cures: dict[str, str] = {}

    def add(self, difference: Difference) -> None:
        """Explain one difference."""
        found = cause.explain(difference, self._context)
        number = sum(1 for row in self._kept if (row.path, row.cause) == (found.path, found.cause))
        if number < self._bounds.findings:
            self._kept.append(found)
        self._counts[found.cause, found.path] += found.count
        self._loaded[found.path] |= found.part in LOADED
        self._cures.setdefault(found.cause, found.cure)

    def report(self, left: str, right: str, walk: _Walk, notes: tuple[str, ...]) -> Report:
        """Everything, what no flag explains first."""
        causes = []
        for name in dict.fromkeys(name for name, _ in self._counts):
            page = cause.page_of(name)
            places = [count for (other, _), count in self._counts.items() if other == name]
            causes.append(
                Summary(name, page.title.rstrip("."), page.role, sum(places), len(places), self._cures[name])
            )
        causes.sort(key=lambda row: (ROLES.index(row.role), -row.places, row.cause))
        files = Counter[str]()
        for (_, path), count in self._counts.items():
            files[path] += count
        rows = tuple(
            Differing(path or Path(left).name, count, self._loaded[path] if path in walk.binaries else None)
            for path, count in files.items()
        )
        rank = {row.cause: number for number, row in enumerate(causes)}
        findings = sorted(self._kept, key=lambda row: (rank[row.cause], row.path))
        bounds = tuple(self._bounds.hit)
        return Report(
            left, right, not causes, walk.compared, tuple(causes), rows, tuple(findings), notes, bounds
        )


class _Walk:
    """Pairs what folders and archives hold, and compares what files hold by what they are."""

    def __init__(self, bounds: Bounds, expander: Expander) -> None:
        self._bounds, self._expander = bounds, expander
        self.compared = 0
        self.binaries: set[str] = set()

    def entries(
        self, path: str, ours: list[Entry], theirs: list[Entry], *, ordered: bool, depth: int = 0
    ) -> Found:
        """Everything that differs in two lists of files."""
        pairs, lost, new = _paired(ours, theirs)
        cut = [_units(rows) if ordered else 0 for rows in (ours, theirs)]
        if cut[0] != cut[1]:
            what = f"{cut[0]} codegen units in A, {cut[1]} in B"
            yield Difference(path, "units", what, "container")
        for side, rows in (("A", lost), ("B", new)):
            for entry in _tops(rows):
                units: Same = "units" if cut[0] != cut[1] and symbol_names.UNITS.search(entry.name) else ""
                what = f"only {side} has this {entry.kind}"
                yield Difference(_below(path, entry, ordered), "missing", what, "file", same=units)
        if ordered and [one.name for one, _ in pairs] != _order(pairs, theirs):
            yield Difference(path, "order", "the same members in another order", "container")
        for one, two in pairs:
            found = self._entry(_below(path, one, ordered), one, two, depth)
            if cut[0] != cut[1] and symbol_names.UNITS.search(one.name):
                yield from (row if isinstance(row, str) else elf_pair.of_units(row) for row in found)
            else:
                yield from found

    def _entry(self, path: str, one: Entry, two: Entry, depth: int) -> Found:
        self.compared += 1
        if one.name != two.name:
            names = one.name.encode(), two.name.encode()
            yield Difference(path, "name", f"{one.name} in A, {two.name} in B", "file", "", "", None, *names)
        if one.kind != two.kind:
            yield Difference(path, "kind", f"a {one.kind} in A, a {two.kind} in B", "file")
            return
        if one.mode != two.mode:
            yield Difference(path, "mode", f"{one.mode or 0:04o} in A, {two.mode or 0:04o} in B", "file")
        if one.owner != two.owner:
            yield Difference(path, "owner", f"{one.owner} in A, {two.owner} in B", "container")
        if one.time != two.time:
            yield Difference(
                path, "time", f"{one.time} in A, {two.time} in B (seconds since 1970)", "container"
            )
        if one.target != two.target:
            ends = one.target.encode(), two.target.encode()
            what = f"it points to {one.target} in A, to {two.target} in B"
            yield Difference(path, "target", what, "file", "", "", None, *ends)
        if one.content is not None and two.content is not None:
            yield path
            yield from self.contents(path, one.content, two.content, depth)
            for source in (one.content, two.content):
                if isinstance(source, File):
                    source.close()

    def contents(self, path: str, a: Source, b: Source, depth: int) -> Found:
        """Everything that differs in two files."""
        self.compared += not path
        if same(whole(a), whole(b)):
            return
        seen = False
        for found in self._by_kind(path, a, b, depth):
            seen |= not isinstance(found, str)
            yield found
        if not seen:
            yield from data_pair.differences(Place(path, "container"), whole(a), whole(b), self._bounds)

    def _by_kind(self, path: str, a: Source, b: Source, depth: int) -> Found:
        deeper = depth < self._bounds.depth
        packed = unpacking.packing(a), unpacking.packing(b)
        try:
            if deeper and any(packed):
                yield from self._packed(path, a, b, packed, depth)
                return
            if deeper and unpacking.is_tar(a) and unpacking.is_tar(b):
                rows = [unpacking.tar_entries(source, self._bounds) for source in (a, b)]
                yield from self.entries(path, *rows, ordered=True, depth=depth + 1)
                return
            if deeper and ar.identify(a) and ar.identify(a) == ar.identify(b):
                rows = [unpacking.ar_entries(source) for source in (a, b)]
                yield from self.entries(path, *rows, ordered=True, depth=depth + 1)
                return
        except BadInput as error:
            if not path:
                raise
            self._bounds.reached(f"{path} is compared by its bytes: {error.faults[0].what}")
        if not deeper and (any(packed) or unpacking.is_tar(a) or ar.identify(a)):
            self._bounds.reached(f"archives in archives were opened {self._bounds.depth} deep")
        yield from self._plain(path, a, b)

    def _packed(self, path: str, a: Source, b: Source, packed: tuple[str, str], depth: int) -> Found:
        """Compressed files: what is in them, and where that is the same, how they were compressed."""
        one, two = self._expander.expanded(a), self._expander.expanded(b)
        seen = False
        for found in self.contents(path, one, two, depth + 1):
            seen |= not isinstance(found, str)
            yield found
        if packed[0] != packed[1]:
            what = f"{packed[0] or 'not compressed'} in A, {packed[1] or 'not compressed'} in B"
            yield Difference(path, "packing", what, "container")
        elif packed[0] == "gzip" and a.read(4, 4) != b.read(4, 4):
            times = [int.from_bytes(source.read(4, 4), "little") for source in (a, b)]
            what = f"the time in the gzip header: {times[0]} in A, {times[1]} in B (seconds since 1970)"
            yield Difference(path, "time", what, "container", "gzip", "", 4)
        elif not seen:
            what = f"the same content, compressed otherwise ({a.size:,} and {b.size:,} bytes of {packed[0]})"
            yield Difference(path, "packing", what, "container")

    def _plain(self, path: str, a: Source, b: Source) -> Iterator[Difference]:
        """Files that hold no others."""
        if a.size >= 4 and b.size >= 4 and a.read(0, 4) == b.read(0, 4) == elf.MAGIC:
            try:
                left, right = Side(a), Side(b)
                if (left.elf.bits, left.elf.endian) == (right.elf.bits, right.elf.endian):
                    if left.loaded or right.loaded:
                        self.binaries.add(path)
                    yield from elf_pair.differences(path, left, right, self._bounds)
                    return
            except (BadInput, struct.error) as error:
                words = error.faults[0].what if isinstance(error, BadInput) else str(error)
                self._bounds.reached(f"{path or a.name} is compared by its bytes: {words}")
        place = Place(path, "metadata" if (path or a.name).rstrip(")").endswith(METADATA) else "file")
        if place.part == "metadata":
            yield from elf_pair.opaque(place, whole(a), whole(b), self._bounds)
        else:
            yield from data_pair.differences(place, whole(a), whole(b), self._bounds)


def _root_kind(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        kind = "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "special file"
        if kind == "file":
            with path.open("rb"):
                pass
    except OSError as error:
        hint = "name two folders, two archives or two binaries"
        raise fail(f"cannot be read: {error.strerror}", Where(path), hint, "fixpoint/unreadable") from None
    if kind == "special file":
        raise fail("neither a file nor a folder", Where(path), "name a file or a folder", "fixpoint/kinds")
    return kind


def _folder(root: Path, bounds: Bounds) -> list[Entry]:
    """Everything in a folder, in the order of its names; every file that cannot be read is told of at once."""
    found: list[Entry] = []
    faults: list[Fault] = []
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                rows = list(entries)
        except OSError as error:
            faults.append(_unreadable(folder, error))
            continue
        for row in rows:
            if len(found) >= bounds.members:
                bounds.reached(f"only {bounds.members:,} files of a folder were compared")
                break
            path = Path(row.path)
            if row.is_dir(follow_symlinks=False):
                waiting.append(path)
            try:
                found.append(_entry(root, path, row.stat(follow_symlinks=False)))
            except OSError as error:
                faults.append(_unreadable(path, error))
    if faults:
        raise BadInput(faults)
    return sorted(found, key=lambda entry: entry.name)


def _unreadable(path: Path, error: OSError) -> Fault:
    hint = "give yourself the right to read it"
    return Fault(f"cannot be read: {error.strerror}", Where(path), hint, "fixpoint/unreadable")


def _entry(root: Path, path: Path, found: os.stat_result) -> Entry:
    name, mode = path.relative_to(root).as_posix(), stat.S_IMODE(found.st_mode)
    if stat.S_ISLNK(found.st_mode):
        return Entry(name, "symlink", target=str(path.readlink()))
    if stat.S_ISDIR(found.st_mode):
        return Entry(name, "folder", mode)
    if not stat.S_ISREG(found.st_mode):
        return Entry(name, "special file", mode)
    if not os.access(path, os.R_OK):
        raise PermissionError(13, "Permission denied")
    return Entry(name, "file", mode, content=File(path, found.st_size))


def _below(path: str, entry: Entry, member: bool) -> str:
    if not member:
        return f"{path}/{entry.name}" if path else entry.name
    return f"{path}({entry.name})"


def _tops(entries: list[Entry]) -> list[Entry]:
    """Those that are in no folder of the list: what is in a missing folder is missing with it."""
    folders = {entry.name for entry in entries if entry.kind == "folder"}
    return [
        entry for entry in entries if not any(str(above) in folders for above in PurePath(entry.name).parents)
    ]


def _units(entries: list[Entry]) -> int:
    return sum(symbol_names.UNITS.search(entry.name) is not None for entry in entries)


def _order(pairs: list[tuple[Entry, Entry]], theirs: list[Entry]) -> list[str]:
    """The names of ours in the order in which the others stand."""
    places = {id(entry): number for number, entry in enumerate(theirs)}
    return [one.name for one, _ in sorted(pairs, key=lambda pair: places[id(pair[1])])]


def _paired(
    ours: list[Entry], theirs: list[Entry]
) -> tuple[list[tuple[Entry, Entry]], list[Entry], list[Entry]]:
    """(pairs, only ours, only theirs): by name, then by name without hashes where that is clear."""
    waiting: dict[str, list[Entry]] = defaultdict(list)
    for entry in theirs:
        waiting[entry.name].append(entry)
    matched: dict[int, Entry] = {}
    for entry in ours:
        if waiting.get(entry.name):
            matched[id(entry)] = waiting[entry.name].pop(0)
    rest: dict[str, list[Entry]] = defaultdict(list)
    for rows in waiting.values():
        for entry in rows:
            rest[symbol_names.plain(entry.name)].append(entry)
    for entry in ours:
        alike = rest.get(symbol_names.plain(entry.name))
        if id(entry) not in matched and alike:
            matched[id(entry)] = alike.pop(0)
    pairs = [(entry, matched[id(entry)]) for entry in ours if id(entry) in matched]
    lost = [entry for entry in ours if id(entry) not in matched]
    return pairs, lost, [entry for rows in rest.values() for entry in rows]
