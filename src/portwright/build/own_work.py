"""What drivers did themselves (cargo's links and copies, a script's files), as steps of the kind `files`.

A file that no step reads and that is no copy of what a step made is a driver's bookkeeping, and is left out. Copies of
what one step made are one step; files whose content was at hand are one step for each set of steps that read them. So
no such step waits for more than one other, and none in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from portwright.base.hashing import hash_value
from portwright.build.file_digests import Digests
from portwright.build.file_history import History
from portwright.build.file_version import Version
from portwright.build.recording_place import Places
from portwright.build.work_units import Unit


@dataclass(slots=True, eq=False)
class FilesStep:
    """Files that drivers made: of the outputs of `maker`, or of what was at hand."""

    maker: Unit | None
    versions: list[Version] = field(default_factory=list)
    origins: dict[Version, Version] = field(default_factory=dict)
    name: str = ""


@dataclass(slots=True)
class OwnWork:
    """The steps of drivers, the step of each version, the files that were left out, and what they copied."""

    steps: list[FilesStep] = field(default_factory=list)
    of: dict[Version, FilesStep] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    copied: set[Version] = field(default_factory=set)


class _Origins:
    """Finds what a driver's file is a copy of: what it was renamed or linked from, or the same content."""

    def __init__(
        self, steps: Iterable[Unit], drivers: Iterable[Unit], places: Places, digests: Digests
    ) -> None:
        self.made: dict[str, list[Version]] = {}
        for unit in steps:
            for version in unit.writes.values():
                if version.digest and version.size and not version.symlink:
                    self.made.setdefault(version.digest, []).append(version)
        before = (version for unit in drivers for version in unit.reads if version.maker is None)
        self.read = [one for one in before if places.root(one.path) and not places.is_tool(one.path)]
        self.digests = digests
        self._before: dict[str, Version] | None = None

    def of(self, version: Version) -> Version | None:
        """The version that a driver's file is a copy of, which no driver made."""
        while version.source is not None:
            version = version.source
            if version.maker is None or version.maker.role != "driver":
                return version
        if version.symlink or not version.digest or not version.size:
            return None
        alike = [one for one in self.made.get(version.digest, ()) if one.time <= version.time]
        if alike:
            name = version.path.rsplit("/", 1)[-1]
            return max(alike, key=lambda one: (one.path.rsplit("/", 1)[-1] == name, one.time))
        return self._at_hand(version)

    def _at_hand(self, version: Version) -> Version | None:
        """A file that was there before, and that a driver read, with this content."""
        if self._before is None:
            self._before = {}
            for one in self.read:
                found = None if one.hidden else self.digests.of(one.path)
                if found is not None and found.size:
                    self._before.setdefault(found.digest, one)
        return self._before.get(version.digest)


def own_work(history: History, units: Sequence[Unit], places: Places, digests: Digests) -> OwnWork:
    """The steps of what drivers did themselves."""
    steps = [unit for unit in units if unit.role == "step"]
    origins = _Origins(steps, [unit for unit in units if unit.role == "driver"], places, digests)
    found = OwnWork()
    groups: dict[object, FilesStep] = {}
    for version in history.driven:
        if not places.root(version.path):
            continue
        readers = [unit for unit in version.readers if unit.role == "step"]
        if not readers and version.hidden:
            continue
        origin = origins.of(version)
        copied = origin is not None and origin.maker is not None
        own = version.maker is not None and version.maker.trade.own_work
        if not readers and not copied and not own:
            found.left_out.append(version.path)
            continue
        _put(version, origin, readers, groups, found)
    kept = {version.path for version in found.of}
    found.left_out = sorted({path for path in found.left_out if path not in kept})
    return found


def _put(
    version: Version,
    origin: Version | None,
    readers: Sequence[Unit],
    groups: dict[object, FilesStep],
    found: OwnWork,
) -> None:
    maker = origin.maker if origin is not None else None
    about: object = maker if maker is not None else frozenset(unit.name for unit in readers)
    number = 0
    while any(one.path == version.path for one in groups.get((about, number), FilesStep(None)).versions):
        number += 1  # a name that was written twice: two steps
    step = groups.get((about, number))
    if step is None:
        step = groups[about, number] = FilesStep(maker)
        step.name = _name(maker, about, number)
        found.steps.append(step)
    step.versions.append(version)
    if origin is not None:
        step.origins[version] = origin
        found.copied.add(origin)
    found.of[version] = step


def _name(maker: Unit | None, about: object, number: int) -> str:
    again = f"-{number + 1}" if number else ""
    if maker is not None:
        return f"copies-of-{maker.name}{again}"
    assert isinstance(about, frozenset)
    readers = sorted(about)
    if not readers:
        return f"files{again}"
    return f"files-for-{readers[0] if len(readers) == 1 else hash_value(readers)[:8]}{again}"
