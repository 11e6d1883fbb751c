"""One content that a file had for a while during a build: a name that is written twice is two of these."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from portwright.derive.recording import FileKind

if TYPE_CHECKING:
    from portwright.build.work_units import Unit


@dataclass(slots=True, eq=False)
class Version:
    """A file from one writing to the next. Without a maker it was there before.

    `source`: the version that it is a renaming, a link or a copy of. `hidden`: it is gone or overwritten by now, so
    that only what was seen can tell its content, or what it was renamed to, `moved`.
    """

    path: str
    maker: Unit | None = None
    time: int = 0
    own_digest: str = ""
    own_size: int = 0
    mode: int | None = None
    symlink: bool = False
    target: str = ""
    source: Version | None = None
    moved: Version | None = None
    hidden: bool = False
    readers: list[Unit] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """The hash of its content, empty where that was not seen."""
        return self.own_digest or (self.source.digest if self.source else "")

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.own_size if self.own_digest or not self.source else self.source.size

    def be_origin(self) -> None:
        """What it holds is its own from now on, and no longer that of another one."""
        if self.source is not None:
            if not self.own_digest:
                self.own_digest, self.own_size = self.source.digest, self.source.size
            if self.mode is None:
                self.mode = 0o755 if self.source.kind == "executable" else 0o644
            self.source = None

    @property
    def kind(self) -> FileKind:
        """What kind of file it is."""
        if self.symlink:
            return "symlink"
        if self.mode is None and self.source is not None:
            return self.source.kind
        return "executable" if (self.mode or 0) & stat.S_IXUSR else "file"
