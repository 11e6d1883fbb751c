"""What every emitter of builds reads: jobs with the files that each is given and leaves, and the sets of their sources.

A job runs in an empty folder; each root that it uses is a folder of it (`$SRC` is `src`), in which exactly its declared
inputs lie. A `place` is a path below that folder (`src/lib/a.c`), and likewise below the job's result.

Sources are put into sets by who reads them: all files of a set have the same readers. So no file is in two sets, and a
changed file changes one set, which is given to those jobs that read it and to no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from portwright.base.errors import Fault, Where, raise_if
from portwright.build import step_ids
from portwright.derive.plan import Plan, Step
from portwright.derive.recording import FileKind, Output, Recording

TOOL = "TOOL"
"""The root that stays where it is: the toolchain."""


@dataclass(frozen=True, slots=True)
class Given:
    """A file that a job is given: it lies at `place` of the set or job `holder`, and is wanted at `target`.

    A symlink has its normalised target as `text`, and mostly no holder; a folder neither; a file without a holder is
    the toolchain's, at the path
    `text`. `copied`: the job must not see that it lies elsewhere.
    """

    target: str
    kind: FileKind = "file"
    holder: str = ""
    place: str = ""
    text: str = ""
    copied: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that a job leaves: at `place` of its result. A symlink's target is normalised there too."""

    place: str
    output: Output


@dataclass(frozen=True, slots=True)
class Job:
    """A step as emitters see it. `needs` and `sets` are the jobs and sets that hold what it is given; `marked` says
    what a reader should know of it. A `script` of its own: the job is no recorded one, and its result lies from the
    first where it stays, since its files may name that place. `notes` are files that it may leave and nobody wants.
    """

    id: str
    number: str
    title: str
    step: Step
    roots: tuple[str, ...]
    given: tuple[Given, ...]
    kept: tuple[Kept, ...]
    needs: tuple[str, ...]
    sets: tuple[str, ...]
    status: int = 0
    marked: str = ""
    script: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a set: `content` is its bytes, or the file that holds them."""

    place: str
    content: Path | bytes
    executable: bool
    digest: str


SourceKey = tuple[str, str, bool]
"""A source's place, its digest, and whether it is executable."""


@dataclass(frozen=True, slots=True)
class SourceSet:
    """Files with the same readers."""

    id: str
    files: tuple[SourceFile, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """What whoever builds may set: where a part of the toolchain lies."""

    name: str
    default: str
    meaning: str


@dataclass(frozen=True)
class Emission:
    """A build that can be written down. `notes` say what a reader should know before trusting it."""

    title: str
    plan: Plan
    jobs: tuple[Job, ...]
    sets: tuple[SourceSet, ...]
    parameters: tuple[Parameter, ...]
    folders: Mapping[str, str]
    notes: tuple[str, ...] = ()
    recording: Recording | None = None
    by_id: Mapping[str, Job] = field(default_factory=dict)
    sizes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """How large what a job leaves was, by the job's id and the place."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {job.id: job for job in self.jobs})
        sizes = {(job.id, kept.place): kept.output.size for job in self.jobs for kept in job.kept}
        object.__setattr__(self, "sizes", sizes)

    def latest(self) -> dict[str, tuple[Job, Kept]]:
        """Every file as the whole build leaves it, by place: a name made twice is there as it was made last."""
        return {kept.place: (job, kept) for job in self.jobs for kept in job.kept}


class Layout:
    """Where the roots that move lie in a job's folder.

    SRC is `src`, OUT is `out`. Roots that lay within those, or SRC and OUT side by side, lie so here too: relative names
    still lead from one to the other.
    """

    def __init__(self, roots: Mapping[str, str]) -> None:
        moving = {name: PurePosixPath(path) for name, path in roots.items() if name != TOOL}
        self.folders: dict[str, str] = {}
        self._places: dict[str, str | None] = {}
        for name, path in sorted(moving.items(), key=lambda row: (len(row[1].parts), row[0])):
            self.folders[name] = self._folder(name, path, moving)

    def _folder(self, name: str, path: PurePosixPath, moving: Mapping[str, PurePosixPath]) -> str:
        above = [
            other for other in ("SRC", "OUT") if other in self.folders and path.is_relative_to(moving[other])
        ]
        if above:
            nearest = max(above, key=lambda other: len(moving[other].parts))
            below = path.relative_to(moving[nearest]).as_posix()
            return self.folders[nearest] if below == "." else f"{self.folders[nearest]}/{below}"
        beside = [other for other in ("SRC", "OUT") if other in moving and other != name]
        wanted = name.lower()
        if name in ("SRC", "OUT") and any(moving[other].parent == path.parent for other in beside):
            wanted = path.name
        while any(_overlap(wanted, other) for other in self.folders.values()):
            wanted += "_"
        return wanted

    def place(self, path: str) -> str | None:
        """The place of a recorded name, or None where it is below no root that moves."""
        if path not in self._places:
            self._places[path] = self._place(path)
        return self._places[path]

    def _place(self, path: str) -> str | None:
        root, slash, below = path.partition("/")
        if root[:1] != "$" or root[1:] not in self.folders or ".." in below.split("/"):
            return None
        return self.folders[root[1:]] + slash + below.replace("$$", "$")


def _overlap(one: str, other: str) -> bool:
    return one.split("/")[0] == other.split("/")[0]


class Sets:
    """Sources, while it is found out who reads which."""

    def __init__(self) -> None:
        self._files: dict[SourceKey, SourceFile] = {}
        self._readers: dict[SourceKey, list[int]] = {}

    def hold(self, file: SourceFile) -> SourceKey:
        """Take a file in; the answer names it."""
        key = (file.place, file.digest, file.executable)
        self._files.setdefault(key, file)
        self._readers.setdefault(key, [])
        return key

    def add(self, reader: int, key: SourceKey) -> None:
        """Job number `reader` reads this file."""
        readers = self._readers[key]
        if not readers or readers[-1] != reader:
            readers.append(reader)

    def made(self, taken: Iterable[str]) -> tuple[tuple[SourceSet, ...], dict[SourceKey, tuple[str, str]]]:
        """The sets, and where each file is: the set's id and the place in it; ids are none of `taken`.

        A file that is alone in its set lies in no further folders.
        """
        groups: dict[tuple[int, ...], list[SourceKey]] = {}
        for key, readers in self._readers.items():
            groups.setdefault(tuple(readers), []).append(key)
        used, sets = set(taken), []
        where: dict[SourceKey, tuple[str, str]] = {}
        for keys in groups.values():
            for part in _without_clashes(sorted(keys)):
                name = self._name([key[0] for key in part], used)
                used.add(name)
                files = [self._files[key] for key in part]
                if len(files) == 1:
                    files = [replace(files[0], place=files[0].place.rpartition("/")[2])]
                sets.append(SourceSet(name, tuple(files)))
                where.update((key, (name, file.place)) for key, file in zip(part, files, strict=True))
        return tuple(sets), where

    @staticmethod
    def _name(places: Sequence[str], used: set[str]) -> str:
        letters, length = step_ids.letters(places), step_ids.SHORTEST + 2
        while (name := f"sources_{letters[:length]}") in used and length < len(letters):
            length += 1
        again = 2
        while name in used:
            name, again = f"sources_{letters[:length]}_{again}", again + 1
        return name


def _without_clashes(keys: list[SourceKey]) -> list[list[SourceKey]]:
    """The keys, apart where one place has two contents."""
    parts: list[list[SourceKey]] = [[]]
    seen: dict[str, int] = {}
    for key in keys:
        turn = seen[key[0]] = seen.get(key[0], -1) + 1
        while len(parts) <= turn:
            parts.append([])
        parts[turn].append(key)
    return [part for part in parts if part]


def faults_of(faults: Iterable[Fault], most: int = 50) -> None:
    """Raise all faults; those beyond `most` are counted in one."""
    rows = list(faults)
    more = len(rows) - most
    raise_if([*rows[:most], *([Fault(f"and {more} more of the kind")] if more > 0 else [])])


def unknown(step: Step, what: str, path: str) -> Fault:
    """A fault of a step's declaration."""
    return Fault(f"the step `{step.name}` {what}", Where(path), "record the build again", "emit/recording")
