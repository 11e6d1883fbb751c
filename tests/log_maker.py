"""Event logs made by hand, as a recorder would write them: for tests of what becomes of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from portwright.build import event_log as on
from portwright.build.reading import Result, read_off
from portwright.build.recording_place import About

PATH = "/usr/bin:/bin"


class LogMaker:
    """A build told event by event, a millisecond apart. Files lie below `folder`; names given are joined to it."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        self.env = {"PATH": PATH, **env}
        self.events: list[on.Event] = []
        self.wrapped: list[on.Event] = []
        self.ended = False
        self._next = 100

    @property
    def now(self) -> int:
        return (len(self.events) + len(self.wrapped) + 1) * 1_000_000

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def start(
        self,
        parent: int | None,
        *argv: str,
        exe: str = "",
        fds: tuple[str, str, str] = ("", "", ""),
        cwd: str = "",
        **env: str,
    ) -> int:
        """A process that becomes a program at once."""
        pid = self.fork(parent)
        self.exec(pid, *argv, exe=exe, fds=fds, cwd=cwd, **env)
        return pid

    def fork(self, parent: int | None) -> int:
        self._next += 1
        if parent is not None:
            self.events.append(on.Fork(self.now, parent, self._next))
        return self._next

    def exec(
        self,
        pid: int,
        *argv: str,
        exe: str = "",
        fds: tuple[str, str, str] = ("", "", ""),
        cwd: str = "",
        **env: str,
    ) -> None:
        exe = exe or (argv[0] if argv[0].startswith("/") else f"/usr/bin/{argv[0]}")
        words = tuple(f"{name}={value}" for name, value in {**self.env, **env}.items())
        self.events.append(on.Exec(self.now, pid, exe, cwd or str(self.folder), fds, argv, words))

    def read(self, pid: int, *names: str) -> None:
        self.events += [on.Open(self.now, pid, "r", self.path(name)) for name in names]

    def write(self, pid: int, name: str, content: str = "x", *, mode: str = "w", keep: bool = True) -> None:
        """A file is written, and its content told; `keep`: it lies there in truth too."""
        self.events.append(on.Open(self.now, pid, "a" if mode == "a" else "w", self.path(name)))
        if keep:
            self.lay(name, content)
        self.hash(pid, name, content)

    def lay(self, name: str, content: str) -> None:
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)

    def hash(self, pid: int, name: str, content: str, mode: int = 0o644) -> None:
        digest = hashlib.sha256(content.encode()).hexdigest()
        self.events.append(on.Hashed(self.now, pid, self.path(name), digest, len(content), mode))

    def change(self, pid: int, kind: str, name: str) -> None:
        self.events.append(on.Changed(self.now, pid, kind, self.path(name)))  # type: ignore[arg-type]

    def move(self, pid: int, old: str, new: str, kind: str = "rename") -> None:
        self.events.append(on.Moved(self.now, pid, kind, self.path(old), self.path(new)))  # type: ignore[arg-type]

    def exit(self, pid: int, status: int = 0) -> None:
        self.events.append(on.Exit(self.now, pid, status, 2_000_000, 1_000_000, 4096))

    def end(self, status: int = 0) -> None:
        self.events.append(on.End(self.now, status))
        self.ended = True

    def result(self, **roots: str) -> Result:
        """What is read off."""
        log = on.Log(2**62, tuple(self.events), self.ended)
        first = next(event for event in self.events if isinstance(event, on.Exec))
        about = About(
            first.argv,
            str(self.folder),
            {"SRC": str(self.folder), **roots},
            shims=("/r/portwright-recorder",),
            private=("/r/shims",),
        )
        return read_off(log, self.wrapped, about)
