"""Looks into files: what each is, what is inside it, and what is wrong with it, down through folders, archives, images.

What is inside is looked at one after the other, and of each only the report is kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from portwright.base.errors import BadInput, Where, fail
from portwright.base.sources import File, Memory, Scattered, Source, Window
from portwright.formats import Node
from portwright.formats.pe import MACHINES, SUBSYSTEMS
from portwright.pack import difference as comparing
from portwright.pack import fault, magic, place
from portwright.pack import volume as volumes
from portwright.pack.difference import Difference
from portwright.pack.fault import Finding
from portwright.pack.macho_facts import macho_facts
from portwright.pack.program import Program
from portwright.pack.stamp import Stamp
from portwright.pack.subject import Case, Held

DEEPEST = 4
MOST_FILES = 200_000
UNREAD = "/files"
"""How the code of an error ends with which a format says that it knows an image, but does not read its files."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a file is and what is wrong with it; `members` are the binaries and images inside, `others` counts the
    rest. `format` is empty where none of ours reads it, `facts` what its headers say, `listing` its text where one is
    wanted."""

    name: str
    path: str
    size: int
    what: str
    format: str
    program: Program | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    members: tuple[Report, ...] = ()
    others: int = 0
    difference: Difference | None = None
    stamps: tuple[Stamp, ...] = ()
    listing: tuple[str, ...] = ()

    def every(self) -> Iterator[Report]:
        """This report and all inside it."""
        yield self
        for member in self.members:
            yield from member.every()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What files are held against; `most` rows in a comparison's lists; `watch` is told of each; `listing`: text too."""

    port: Held | None = None
    built_by: str = ""
    most: int = 15
    watch: Callable[[str], None] = lambda name: None
    listing: bool = False


@dataclass(frozen=True, slots=True)
class _Child:
    """A file inside another: its path there, its bytes, what is said of it."""

    path: str
    name: str
    source: Source
    node: Node


def inspect(name: str | Path, wanted: Wanted, good: str | Path | None = None) -> Report:
    """The report on a file or folder of the host, or on what an address leads to inside an image; raises `BadInput`
    where it cannot be read at all."""
    return report(_case(name), wanted, _case(good) if good is not None else None)


def of_source(source: Source, wanted: Wanted, good: Source | None = None) -> Report:
    """The same for bytes that lie elsewhere, as a file inside an image."""
    return report(Case(source.name, source), wanted, Case(good.name, good) if good is not None else None)


class Folder(Case):
    """A folder of the host."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), Memory(b"", str(path)))
        self.folder = path


def _case(name: str | Path) -> Case:
    path = Path(name)
    try:
        if ":" in str(name) and not path.exists():
            return _addressed(place.parse(str(name)))
        if path.is_dir():
            return Folder(path)
        if not path.exists():
            raise fail("there is no such file", Where(path), "check the name", "inspect/no-file")
        if not path.is_file():
            raise fail(
                "it is no file and no folder", Where(path), "copy it into a file first", "inspect/no-file"
            )
        source = File(path)
        source.read(0, min(1, source.size))
        return Case(str(path), source)
    except OSError as error:
        raise fail(
            f"cannot read: {error.strerror}", Where(path), "check its permissions", "inspect/unreadable"
        ) from None


def _addressed(address: place.Address) -> Case:
    """What an address leads to: a partition, an image in an image, or a file of one."""
    found = volumes.find(address)
    if not found.named:
        return Case(str(address), found.level.source)
    node = found.node
    if node.kind != "file":
        hint = "name a file of it, or the image, all of which is looked at"
        raise fail(f"this is a {node.kind}", Where(str(address)), hint, "inspect/no-file")
    return Case(str(address), volumes.file_content(found.level, node.path), node=node)


def report(case: Case, wanted: Wanted, good: Case | None = None, depth: int = 0) -> Report:
    """The report on one case and all inside it."""
    case.port, case.built_by, case.good = wanted.port, wanted.built_by, good
    wanted.watch(case.name)
    members, others, difference = _members(case, wanted, good, depth)
    case.members += members
    if good is not None and not isinstance(case, Folder):
        found = comparing.compare(case, good, wanted.most)
        difference = (
            found
            if difference is None
            else replace(found, new_files=difference.new_files, lost_files=difference.lost_files)
        )
    findings = fault.examine(case)
    findings += [
        row for row in fault.examine(case, ["broken"]) if row not in findings
    ]  # what reading met meanwhile
    known = None if isinstance(case, Folder) else case.known
    return Report(
        name=case.name,
        path=case.node.path.decode("utf-8", "backslashreplace") if case.node else case.file_name,
        size=sum(member.size for member in members) if isinstance(case, Folder) else case.size,
        what="folder" if isinstance(case, Folder) else known.words if known else magic.described(case.source),
        format=known.name if known else "",
        program=case.program,
        facts=_facts(case),
        findings=tuple(findings),
        members=tuple(members),
        others=others,
        difference=difference,
        stamps=case.stamps,
        listing=_listing(case) if wanted.listing else (),
    )


def _listing(case: Case) -> tuple[str, ...]:
    """A Mach-O file of NeXT's as text."""
    if case.macho is None:
        return ()
    from portwright.pack import macho_listing

    return tuple(macho_listing.lines(case.macho, case.name))


def _members(
    case: Case, wanted: Wanted, good: Case | None, depth: int
) -> tuple[list[Report], int, Difference | None]:
    """(reports on what is inside, how many files are nothing that is known, which files came and went)."""
    if depth >= DEEPEST:
        return [], 0, None
    of_good = {child.path: child for child in _tried(good)} if good is not None else {}
    reports: list[Report] = []
    seen: set[str] = set()
    others = 0
    for child in _tried(case):
        seen.add(child.path)
        try:
            worth = _worth(child)
        except BadInput as error:  # it lies where the image has been cut off: the others may be there
            case.problem(error)
            worth = False
        if not worth:
            others += 1
            continue
        inner = Case(child.name, child.source, node=child.node, within=case)
        match = of_good.get(child.path)
        twin = Case(match.name, match.source, node=match.node) if match else None
        reports.append(report(inner, wanted, twin, depth + 1))
        if isinstance(child.source, File):
            child.source.close()
    if good is None or not (seen or of_good):
        return reports, others, None
    size = comparing.Growth("file", good.size, case.size)
    new, lost = sorted(seen - of_good.keys()), sorted(of_good.keys() - seen)
    return reports, others, Difference(good.name, size, new_files=tuple(new), lost_files=tuple(lost))


def _worth(child: _Child) -> bool:
    """Whether a file inside is a binary or an image, or should be one by its name or its mode."""
    known = magic.known(child.source)
    if known is not None and known.name:
        return True
    if magic.role(child.path) is not None:
        return True
    empty = not any(child.source.read(0, min(magic.HEAD, child.source.size)))
    return bool(child.node.mode & 0o111) and empty


def _tried(case: Case) -> Iterator[_Child]:
    """What is inside; where an image breaks off, that is remembered, and what was found before is there."""
    try:
        for number, child in enumerate(_children(case)):
            if number >= MOST_FILES:
                case.problems.append(f"more than {MOST_FILES:,} files: the rest was not looked at")
                return
            yield child
    except BadInput as error:
        if not any((row.code or "").endswith(UNREAD) for row in error.faults):
            case.problem(error)


def _children(case: Case) -> Iterator[_Child]:
    if isinstance(case, Folder):
        yield from _of_folder(case)
    elif case.archive is not None:
        for member in case.archive.members if not case.archive.thin else ():
            node = Node(member.name.encode(), "file", size=member.size)
            yield _Child(member.name, f"{case.name}({member.name})", case.archive.content(member), node)
    elif case.known is not None and case.known.module is not None:
        module = case.known.module
        holds = getattr(module, "HOLDS", "")
        if holds == "partitions":
            table = module.read(case.source)
            case.facts.update(table.facts)
            for part in table.partitions:
                name = f"{case.name}:{part.number}"
                node = Node(str(part.number).encode(), "file", size=part.size)
                yield _Child(str(part.number), name, Window(case.source, part.start, part.size, name), node)
        elif holds == "files":
            case.volume = module.read(case.source)
            case.facts.update(case.volume.facts)
            yield from _of_volume(case)


def _of_volume(case: Case) -> Iterator[_Child]:
    assert case.volume is not None
    for node in case.volume.walk():
        if node.kind == "file" and not node.same_as:
            path = node.path.decode("utf-8", "backslashreplace")
            name = f"{case.name}:/{path}"
            try:
                content = Scattered(case.volume.source, case.volume.stretches(node), name)
                content.read(0, min(1, content.size))
            except BadInput as error:
                case.problem(error)
                continue
            yield _Child(path, name, content, node)


def _of_folder(case: Folder) -> Iterator[_Child]:
    for folder, folders, files in os.walk(
        case.folder, onerror=lambda error: case.problems.append(str(error))
    ):
        folders.sort()
        for file in sorted(files):
            path = Path(folder, file)
            try:
                if path.is_symlink() or not path.is_file():
                    continue
                source, mode = File(path), path.stat().st_mode & 0o7777
                source.read(0, min(1, source.size))
            except OSError as error:
                case.problems.append(f"{path}: {error.strerror}")
                continue
            below = path.relative_to(case.folder)
            node = Node(os.fsencode(below), "file", mode=mode, size=source.size)
            yield _Child(str(below), str(path), source, node)


def _facts(case: Case) -> dict[str, str | int]:
    """What the headers of an image, a PE or a Mach-O file say."""
    if case.macho is not None:
        return macho_facts(case.macho)
    if case.pe is None:
        return dict(case.facts)
    pe = case.pe
    home = pe.section_at(pe.entry)
    return {
        "machine": MACHINES.get(pe.machine, f"{pe.machine:#x}"),
        "bits": pe.bits,
        "subsystem": SUBSYSTEMS.get(pe.subsystem, f"{pe.subsystem}"),
        "entry": f"{pe.entry:#x} in {home.name if home else 'no section'}",
        "sections": ", ".join(section.name for section in pe.sections),
    }
