"""One run of one step of a recording: started in its room, shut in as far as this machine allows, judged at its end."""

from __future__ import annotations

import errno
import os
import signal
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

from portwright.base import files, namespaces, processes
from portwright.base.errors import MissingTool
from portwright.base.namespaces import View
from portwright.build.contents import Content
from portwright.build.recording_file import TOOL
from portwright.build.step_room import TILES, Room, Roots
from portwright.derive.recording import Recording, expand

Trouble = Literal["", "killed", "disk-full", "tool", "view"]
OURS = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)
"""Errors at a start that say something of this machine, and nothing of the step."""
DISK_FULL = ("No space left on device", "os error 28", "Disk quota exceeded")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended: its status, what of its outputs is there, what it wrote beside them, its last words.

    `trouble` is what makes the run no evidence of anything: it was killed, the disk was full, a tool was not there.
    """

    status: int
    outputs: Mapping[str, Content]
    strays: tuple[str, ...]
    words: str
    seconds: float
    trouble: Trouble = ""


def shut_in(recording: Recording, roots: Roots, room: Room, *, old_places: bool) -> View:
    """The view of the files in which a step sees its room and the system, and nothing of the rest."""
    tops = roots.tops()
    home = os.environ.get("HOME", "")
    hidden = ["/tmp", "/var/tmp", tempfile.gettempdir(), *tops, *([home] if home.startswith("/") else [])]
    hidden += [folder for name, folder in roots.now.items() if name != TOOL]
    shown = [(str(room.temporary), place, True) for place in ("/tmp", "/var/tmp")]
    if TOOL in roots.now:
        shown.append((roots.now[TOOL], roots.now[TOOL], False))
    shown += [(path, path, False) for path in _tool_places(recording, roots, hidden)]
    if old_places:
        shown += [(f"{room.folder}/{TILES}{top}", top, True) for top in tops]
    shown.append((str(room.folder), str(room.folder), True))
    there = {target: (source, target, writes) for source, target, writes in shown if Path(source).exists()}
    return namespaces.view(hidden, list(there.values()))


def _tool_places(recording: Recording, roots: Roots, hidden: list[str]) -> list[str]:
    """The folders of tools that lie in what is hidden; where such a folder holds more than tools, the tools."""
    found: dict[str, None] = {}
    for tool in recording.tools:
        path = expand(tool.path, roots.now)
        if not any(namespaces.below(path, folder) for folder in hidden):
            continue
        if TOOL in roots.now and namespaces.below(path, roots.now[TOOL]):
            continue
        parent = path.rpartition("/")[0]
        mixed = any(namespaces.below(folder, parent) for folder in [*hidden, *roots.then.values()])
        found[path if mixed else parent] = None
    return list(found)


class Running:
    """A step that runs; a context whose end stops it and takes its room away."""

    def __init__(self, room: Room, view: View | None, lock: int) -> None:
        self.room, self.step = room, room.step
        self.seconds, self.trouble = 0.0, ""
        self._began = time.monotonic()
        self.status: int | None = None
        self.handle = -1
        self._missing = ""
        self._trouble_file: Path | None = None
        try:
            self._process = self._start(view, lock)
            self.handle = os.pidfd_open(self._process.pid)
        except MissingTool as error:
            self._missing, self.status = error.faults[0].what, 127
        except OSError as error:
            if error.errno in OURS:
                raise
            self._missing, self.status = f"{error.strerror}: {error.filename}", 127

    def _start(self, view: View | None, lock: int) -> processes.Started:
        room, step = self.room, self.step
        argv, env, cwd = room.argv(), room.env(private=view is not None), room.cwd
        if view is not None:
            argv, self._trouble_file = namespaces.command(
                argv, cwd=cwd, env=env, view=view, folder=room.folder
            )
            env, cwd = {"PATH": os.defpath}, "/"
        with room.words.open("wb") as words:
            given = open(room.at(step.stdin), "rb") if step.stdin else None  # noqa: SIM115, PTH123
            taken = open(room.at(step.stdout), "wb") if step.stdout else None  # noqa: SIM115, PTH123
            try:
                return processes.start(
                    argv,
                    cwd=cwd,
                    env=env,
                    stdin=given or processes.DEVNULL,
                    stdout=taken or words,
                    stderr=words,
                    pass_fds=(lock,),
                )
            finally:
                for file in (given, taken):
                    if file is not None:
                        file.close()

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop it where it runs, and take its room away."""
        if self.handle >= 0:
            processes.stop(self._process)
            os.close(self.handle)
            self.handle = -1
        files.remove_tree(self.room.folder)

    def ended(self, notes: Iterable[str] = ()) -> Ran:
        """Wait for its end, and look at what it left; `notes` are files that it may leave."""
        if self.handle >= 0:
            processes.wait_and_end_group(self._process)
            self.status = self._process.returncode
        seconds = time.monotonic() - self._began
        assert self.status is not None
        words = self._missing or self.room.last_words()
        trouble: Trouble = "tool" if self._missing else ""
        if self._trouble_file is not None and self._trouble_file.exists():
            said = self._trouble_file.read_text(errors="replace")
            if said:
                trouble = "tool" if said.startswith("the command: ") else "view"
                words = f"cannot start `{self.room.argv()[0]}`: {said.partition(': ')[2]}"
        if not trouble and self.status < 0:
            trouble, words = "killed", f"killed by {_signal(-self.status)}"
        elif not trouble and self.status > 0 and any(text in words for text in DISK_FULL):
            trouble = "disk-full"
        strays = tuple(self.room.strays(notes))
        return Ran(self.status, self.room.made(), strays, words, seconds, trouble)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
