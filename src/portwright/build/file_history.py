"""Follows every file through a build: which version of it each unit read, made, moved and removed."""

from __future__ import annotations

import os.path
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from portwright.build import event_log as on
from portwright.build.file_version import Version
from portwright.build.hard_links import HardLinks
from portwright.build.process_tree import Happening, Process, Tree
from portwright.build.work_units import Sorted, Unit

LINKS = 40
"""Symbolic links that are followed for one name; more is a circle."""

NOT_FILES = ("/dev/", "/proc/", "/sys/", "pipe:", "socket:", "anon_inode:", "/memfd:")
"""What names of things begin with that hold no content."""


@dataclass(slots=True)
class History:
    """The versions of files. `driven`: those that drivers made, in order. `rooted` tells what lies below a root.

    `driver`: any of the drivers, which count as one.
    """

    rooted: Callable[[str], bool] = lambda path: False
    driver: Unit | None = None
    current: dict[str, Version] = field(default_factory=dict)
    before: dict[str, Version] = field(default_factory=dict)
    links: dict[str, Version] = field(default_factory=dict)
    driven: list[Version] = field(default_factory=list)
    made_folders: set[str] = field(default_factory=set)
    known_folders: set[str] = field(default_factory=set)
    names: HardLinks = field(default_factory=HardLinks)

    def read(self, unit: Unit, path: str) -> None:
        """A unit read a file, through links that the build made."""
        for _ in range(LINKS):
            link = self._link_on_the_way(path)
            if link is None:
                break
            self._note(unit, link)
            target = os.path.join(os.path.dirname(link.path), link.target)  # noqa: PTH118, PTH120
            path = os.path.normpath(target + path[len(link.path) :])
        self._note(unit, self.at(path))

    def _link_on_the_way(self, path: str) -> Version | None:
        if not self.links:
            return None
        end = path.find("/", 1)
        while end > 0:
            if path[:end] in self.links:
                return self.links[path[:end]]
            end = path.find("/", end + 1)
        return self.links.get(path)

    def _note(self, unit: Unit, version: Version) -> None:
        if not unit.same_actor(version.maker) and version not in unit.reads:
            unit.reads[version] = None
            version.readers.append(unit)

    def at(self, path: str) -> Version:
        """The version that a path has now; one that was there before where none is known."""
        found = self.current.get(path)
        if found is None:
            found = self.current[path] = self.before.setdefault(path, Version(path))
            found.hidden = False
        return found

    def write(self, unit: Unit, path: str, time: int, *, in_place: bool = False) -> None:
        """A unit wrote a file, anew or `in_place`, where the old content matters too; its other names have it as well."""
        beside = list(self.names.beside(path, unit))
        read = any(self.current[other].readers for other, _ in beside)
        self._write(unit, path, time, in_place=in_place, read=read)
        written = self.current.get(path)
        if not beside or written is None or written.symlink:
            return
        written.be_origin()
        for other, own in beside:
            # A step that did not link them itself finds but one of the names: the others are a driver's copies.
            self._written_through(unit if own else self.driver or unit, other, written, time)

    def _written_through(self, unit: Unit, path: str, written: Version, time: int) -> None:
        old = self.current.get(path)
        if old is not None and unit.same_actor(old.maker) and not old.readers:
            old.own_digest, old.mode, old.source, old.time = "", None, written, time
        else:
            self.put(Version(path, unit, time, source=written), unit)

    def _write(self, unit: Unit, path: str, time: int, *, in_place: bool, read: bool) -> None:
        """`read`: what it held was read under another name."""
        old = self.current.get(path)
        unread = old is not None and not old.readers and not read
        if old is not None and unread and unit.same_actor(old.maker) and not old.symlink:
            return
        if in_place:
            if old is not None and old.symlink:
                return
            self.read(unit, path)
        self.put(Version(path, unit, time), unit)

    def put(self, version: Version, unit: Unit) -> None:
        """Make a version the current one of its path."""
        self._hide(version.path)
        self.current[version.path] = version
        if version.symlink:
            self.links[version.path] = version
        if unit.role == "driver":
            self.driven.append(version)
        else:
            unit.writes[version.path] = version

    def _hide(self, path: str) -> Version | None:
        old = self.current.pop(path, None)
        if old is not None:
            old.hidden = True
            if self.links.get(path) is old:
                del self.links[path]
        elif path not in self.before:
            self.before[path] = Version(path, hidden=True)  # if it was there, its content is gone
        return old

    def remove(self, unit: Unit, path: str) -> None:
        """A unit removed a file."""
        self.names.part(path)
        old = self._hide(path)
        if old is not None and old.maker is unit:
            unit.writes.pop(path, None)
        elif old is not None and old.maker is not None and unit.role == "step":
            self._note(unit, old)  # to remove it, it must be there

    def move(self, unit: Unit, old_path: str, new_path: str, time: int) -> None:
        """A unit renamed a file or a folder."""
        if self.names.same(old_path, new_path):
            return  # two names of one file: both stay
        if old_path not in self.current:
            inner = [path for path in self.current if path.startswith(old_path + "/")]
            if inner or old_path in self.made_folders:
                for path in inner:
                    self._move(unit, path, new_path + path[len(old_path) :], time)
                self._move_folders(unit, old_path, new_path)
                return
        self._move(unit, old_path, new_path, time)

    def exchange(self, unit: Unit, one: str, other: str, time: int) -> None:
        """Two files or folders changed their names with one another."""
        if not self.names.same(one, other):
            between = f"{other}\0"
            for old, new in ((one, between), (other, one), (between, other)):
                self.move(unit, old, new, time)

    def _move(self, unit: Unit, old_path: str, new_path: str, time: int) -> None:
        version = self.at(old_path)
        own = unit.same_actor(version.maker) and not version.readers
        self.names.rename(old_path, new_path)
        self._hide(old_path)
        if own:
            unit.writes.pop(old_path, None)
            if unit.role == "driver":
                self.driven.remove(version)
            version.path, version.hidden, version.time = new_path, False, time
            self.put(version, unit)
            return
        self._note(unit, version)
        version.moved = _same(version, new_path, unit, time)
        self.put(version.moved, unit)

    def _move_folders(self, unit: Unit, old: str, new: str) -> None:
        moved = {path for path in self.made_folders if path == old or path.startswith(old + "/")}
        self.made_folders = (self.made_folders - moved) | {new + path[len(old) :] for path in moved}
        unit.folders = {
            new + path[len(old) :] if path == old or path.startswith(old + "/") else path
            for path in unit.folders
        }

    def link(self, unit: Unit, old_path: str, new_path: str, time: int) -> None:
        """A unit gave a file another name."""
        version = self.at(old_path)
        self._note(unit, version)
        self.put(_same(version, new_path, unit, time), unit)
        if not version.symlink:
            self.names.join(old_path, new_path, unit)

    def symlink(self, unit: Unit, target: str, path: str, time: int) -> None:
        """A unit made a symbolic link. A driver's to a file below a root is a copy of it: roots move, links do not."""
        copied = (
            unit.role == "driver"
            and target.startswith("/")
            and self.rooted(target)
            and not _is_folder(target)
        )
        if copied and target not in self.made_folders:
            self.link(unit, target, path, time)
        else:
            self.put(Version(path, unit, time, symlink=True, target=target), unit)

    def settle(self, unit: Unit, event: on.Hashed) -> None:
        """What a file that a unit wrote holds."""
        version = self.current.get(event.path)
        if version is None or not unit.same_actor(version.maker):
            version = unit.writes.get(event.path) or self._written_again(unit, event)
        if version is None or version.symlink:
            return
        if version.source is not None and self.names.same(version.path, version.source.path):
            version = version.source  # one file: what is told of one of its names is so for all of them
        version.own_digest, version.own_size, version.mode = event.digest, event.size, event.mode

    def _written_again(self, unit: Unit, event: on.Hashed) -> Version | None:
        """A driver's file that a step wrote into meanwhile, where the driver went on after it."""
        now = self.current.get(event.path)
        if unit.role != "driver" or now is None or now.own_digest in ("", event.digest):
            return None
        self.write(unit, event.path, event.t, in_place=True)
        return self.current[event.path]


def _same(version: Version, path: str, unit: Unit, time: int) -> Version:
    return Version(path, unit, time, source=version, symlink=version.symlink, target=version.target)


def _is_folder(path: str) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - called by the thousands


def follow(tree: Tree, found: Sorted, rooted: Callable[[str], bool]) -> History:
    """Go through all that happened, in the order of time."""
    history = History(rooted, next((unit for unit in found.units if unit.role == "driver"), None))
    starts = {unit.process: unit.process.root_image for unit in found.units}
    reads = _programs(tree)
    pending = next(reads, None)
    for happening in tree.happenings:
        while pending is not None and pending[0] <= happening.event.t:
            history.read(found.of[pending[1]], pending[2])
            pending = next(reads, None)
        unit = found.of[happening.process]
        if happening.image < starts.get(happening.process, 0):
            _open_for_it(history, unit, happening)
        else:
            _happen(history, unit, happening)
    while pending is not None:
        history.read(found.of[pending[1]], pending[2])
        pending = next(reads, None)
    return history


def _programs(tree: Tree) -> Iterator[tuple[int, Process, str]]:
    """(time, process, path) of every program that was started; those that only led to another are left out."""
    rows = [
        (image.began, process, image.call.exe)
        for process in tree.processes
        for at, image in enumerate(process.images)
        if image.call is not None
        and not image.shim
        and image.call.exe.startswith("/")
        and at >= process.root_image
    ]
    return iter(sorted(rows, key=lambda row: row[0]))


def _open_for_it(history: History, unit: Unit, happening: Happening) -> None:
    """What was opened before a program was started in the same process: only what it was given is its own."""
    event = happening.event
    given = happening.process.image.fds
    if isinstance(event, on.Open) and event.path in given:
        _happen(history, unit, happening)
    elif isinstance(event, on.Hashed) and event.path in given:
        history.settle(unit, event)


def _happen(history: History, unit: Unit, happening: Happening) -> None:
    event = happening.event
    match event:
        case on.Open(_, _, "d", path):
            if path not in unit.created:
                unit.listed.add(path)
        case on.Open(time, _, mode, path) if not path.startswith(NOT_FILES):
            if mode == "r":
                history.read(unit, path)
            else:
                history.write(unit, path, time, in_place=mode == "a")
        case on.Hashed():
            history.settle(unit, event)
        case on.Moved(time, _, "rename", old, new):
            history.move(unit, old, new, time)
        case on.Moved(time, _, "exchange", old, new):
            history.exchange(unit, old, new, time)
        case on.Moved(time, _, _, old, new):
            history.link(unit, old, new, time)
        case on.Symlinked(time, _, target, path):
            history.symlink(unit, target, path, time)
        case on.Changed():
            _changed(history, unit, event)
        case on.Net(_, _, _, address):
            unit.spoken_to.add(address)


def _changed(history: History, unit: Unit, event: on.Changed) -> None:
    path = event.path
    match event.kind:
        case "unlink":
            history.remove(unit, path)
        case "mkdir":
            history.made_folders.add(path)
            history.known_folders.add(path)
            unit.folders.add(path)
            unit.created.add(path)
        case "rmdir":
            if path not in unit.created:
                history.known_folders.add(path)
                unit.listed.add(path)
            history.made_folders.discard(path)
            unit.folders.discard(path)
        case "truncate":
            history.write(unit, path, event.t, in_place=True)
        case "chmod":
            _chmod(history, unit, event)


def _chmod(history: History, unit: Unit, event: on.Changed) -> None:
    """Rights changed: of another's file, that is a new version of it."""
    version = history.current.get(event.path)
    if version is None or unit.same_actor(version.maker) or event.path in history.made_folders:
        return
    history._note(unit, version)
    changed = _same(version, event.path, unit, event.t)
    changed.mode = _mode_now(event.path)
    history.put(changed, unit)


def _mode_now(path: str) -> int | None:
    try:
        return stat.S_IMODE(os.stat(path).st_mode)  # noqa: PTH116
    except OSError:
        return None
