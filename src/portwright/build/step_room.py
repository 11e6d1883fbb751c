"""The empty folder in which one step of a recording runs: filled with its declared inputs, looked through afterwards.

Below it the recording's roots lie as they lay on the machine that recorded: one within another where they were that,
so that relative names still lead from one to the other.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from portwright.base.hashing import hash_file
from portwright.build.contents import Content, Contents, symlink
from portwright.build.recording_file import TOOL
from portwright.derive.plan import Step
from portwright.derive.recording import expand, normalise

TILES = "at"
"""The folder of a room below which the roots lie."""


@dataclass(frozen=True, slots=True)
class Roots:
    """Where the roots lay (`then`), where what is in them lies now (`now`)."""

    then: Mapping[str, str]
    now: Mapping[str, str]

    def tops(self) -> list[str]:
        """The old folders that are not within another one, without the toolchain's."""
        folders = sorted({folder for name, folder in self.then.items() if name != TOOL})
        return [one for one in folders if not any(one != two and _within(one, two) for two in folders)]


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _place(path: str) -> str:
    """Where the name itself is: links in its folder are followed, the name is not, as it may be a link."""
    parent, name = os.path.split(path)
    return os.path.join(os.path.realpath(parent), name)  # noqa: PTH118


class Room:
    """A room for one step. `old_places`: the step sees the roots where they lay (in a view of the files)."""

    def __init__(
        self, folder: Path, step: Step, roots: Roots, contents: Contents, *, old_places: bool
    ) -> None:
        self.folder, self.step, self.contents = folder, step, contents
        self._roots = roots
        self.real = {
            name: now if name == TOOL else f"{folder}/{TILES}{roots.then[name].rstrip('/')}"
            for name, now in roots.now.items()
        }
        """Where the files of each root really are."""
        self.named = dict(roots.then) if old_places else self.real
        """What the step calls them."""
        if TOOL in roots.now:
            self.named = {**self.named, TOOL: roots.now[TOOL]}
        self.home, self.temporary, self.words = folder / "home", folder / "tmp", folder / ".words"
        self._top = os.path.realpath(folder)
        self._laid: dict[str, tuple[Content, int]] = {}
        self._links: set[str] = set()

    def argv(self) -> list[str]:
        """The command, with the folders of this room."""
        return [expand(word, self.named) for word in self.step.argv]

    def env(self, *, private: bool) -> dict[str, str]:
        """The whole environment: what was recorded, and the little that every program needs.

        `private`: /tmp is this room's own, as the step sees it.
        """
        own = {name: expand(value, self.named) for name, value in self.step.env.items()}
        temporary = "/tmp" if private else str(self.temporary)
        return {"HOME": str(self.home), "PATH": os.defpath, "TMPDIR": temporary, **own}

    @property
    def cwd(self) -> str:
        """Where the step runs, as it sees it."""
        return expand(self.step.cwd, self.named)

    def at(self, words: str) -> str:
        """Where a file of the step really is."""
        return expand(words, self.real)

    def fill(self, found: Mapping[str, Content]) -> None:
        """Lay out the inputs (by their normalised names) and the folders that the step may expect."""
        for folder in (self.home, self.temporary):
            folder.mkdir(parents=True, exist_ok=True)
        for name in self.real:
            if name != TOOL:
                Path(self.real[name]).mkdir(parents=True, exist_ok=True)
        made = set(self.step.outputs)
        rows = sorted(found.items(), key=lambda row: (row[1].kind != "symlink", row[0]))
        for words, content in rows:
            self._lay(words, content, own=words in made)
        parents = (words.rpartition("/")[0] for words in self.step.outputs)
        for words in (self.step.cwd, *parents):
            folder_of = os.path.realpath(self.at(words))
            if words and words not in made and self._inside(folder_of):
                os.makedirs(folder_of, exist_ok=True)  # noqa: PTH103

    def _inside(self, place: str) -> bool:
        """Whether a place is in this room: a link may lead out of it, to files that are not ours to touch."""
        return _within(place, self._top)

    def _lay(self, words: str, content: Content, *, own: bool) -> None:
        path = _place(self.at(words))
        if not self._inside(path):
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - by the ten thousand
        if content.kind == "folder":
            os.makedirs(path, exist_ok=True)  # noqa: PTH103
        elif os.path.lexists(path):
            return  # named twice, once through a link
        elif content.kind == "symlink":
            os.symlink(expand(content.target, self.named), path)  # noqa: PTH211
            self._links.add(path)
        else:
            self.contents.lay(content, path, own=own)
            if not own:
                self._laid[path] = content, os.lstat(path).st_ino

    def more(self) -> list[tuple[str, str]]:
        """What lies beside the inputs on this machine and is not declared: (where it would be here, where it is)."""
        made = {self.at(words) for words in self.step.outputs}
        found: list[tuple[str, str]] = []
        for name, real in self.real.items():
            if name == TOOL:
                continue
            for top, folders, names in os.walk(real):
                there = set(folders) | set(names)
                origin = self._roots.now[name] + top[len(real) :]
                with contextlib.suppress(OSError):
                    found += [
                        (f"{top}/{one}", f"{origin}/{one}")
                        for one in sorted(os.listdir(origin))  # noqa: PTH208
                        if one not in there and f"{top}/{one}" not in made
                    ]
        return list(dict(found).items())

    def normalised(self, path: str) -> str:
        """What the recording calls a file of this room."""
        rows = sorted(self.real.items(), key=lambda row: -len(row[1]))
        for name, folder in rows:
            if _within(path, folder):
                return f"${name}{path[len(folder) :].replace('$', '$$')}"
        return path.removeprefix(f"{self.folder}/{TILES}")

    def made(self) -> dict[str, Content]:
        """What is there of the step's outputs; their files go into the contents."""
        found: dict[str, Content] = {}
        for words in self.step.outputs:
            path = Path(_place(self.at(words)))
            if not self._inside(str(path)):
                continue
            if path.is_symlink():
                found[words] = symlink(normalise(os.readlink(path), self.named))  # noqa: PTH115 - bytes that are no UTF-8
            elif path.is_dir():
                found[words] = Content("folder")
            elif path.is_file():
                mode, size = path.stat().st_mode, path.stat().st_size
                if not mode & 0o400:
                    path.chmod(mode | 0o400)
                content = Content("executable" if mode & 0o100 else "file", hash_file(path), size)
                found[words] = self.contents.take(path, content, move=True)
        return found

    def strays(self, notes: Iterable[str]) -> Iterator[str]:
        """What the step wrote and the recording does not know: names as the recording has them.

        `notes` are files that nobody compares.
        """
        for path, (content, inode) in self._laid.items():
            try:
                same = os.lstat(path).st_ino == inode
            except OSError:
                continue  # taken away: nobody else sees that
            if not same:
                yield self.normalised(path)
            elif self.contents.touched(content):
                self.contents.drop(content)
                yield self.normalised(path)
        expected = [*self.step.outputs, *notes]
        known = {_place(self.at(words)) for words in expected} | set(self._laid)
        for top, folders, names in os.walk(f"{self.folder}/{TILES}"):
            folders.sort()
            for name in sorted(names):
                path = f"{top}/{name}"
                if path not in known and path not in self._links:
                    yield self.normalised(path)

    def last_words(self, most: int = 4096) -> str:
        """The end of what the step said."""
        try:
            with self.words.open("rb") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - most))
                return file.read().decode(errors="replace").strip()
        except OSError:
            return ""
