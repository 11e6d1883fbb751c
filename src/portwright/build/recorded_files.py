"""Finds the contents that a recording speaks of: sources where they lay, texts in the plan, the rest beside the file.

Nothing is trusted: what is not the recorded content any more is a fault that names the file.
"""

from __future__ import annotations

import os
from pathlib import Path

from portwright.base.errors import Fault, Where
from portwright.base.hashing import hash_bytes, hash_file
from portwright.build import hash_memory
from portwright.derive.recording import Recording, expand, normalise


class RecordedFiles:
    """The contents of one recording, whose document is `file`; `faults` is what was not found as it should be."""

    def __init__(self, recording: Recording, file: Path) -> None:
        self.recording = recording
        self.contents = file.with_name(f"{file.name}.contents")
        self.faults: list[Fault] = []
        self._found: dict[tuple[str, str], Path | bytes | None] = {}
        self._texts = {
            digest: text.encode("utf-8", "surrogateescape") for digest, text in recording.plan.texts.items()
        }

    def of(self, path: str, digest: str) -> Path | bytes | None:
        """Where the content of a source is: at its path, or where content is kept that is no more there."""
        key = (path, digest)
        if key not in self._found:
            self._found[key] = self._look(path, digest)
        return self._found[key]

    def kept(self, digest: str) -> Path | bytes | None:
        """A content by its digest alone, or None."""
        if digest in self._texts:
            return self._texts[digest]
        place = self.contents / digest
        return place if place.is_file() and hash_file(place) == digest else None

    def _look(self, path: str, digest: str) -> Path | bytes | None:
        place = Path(expand(path, self.recording.roots))
        try:
            found = hash_file(place)
        except OSError:
            found = ""
        if found == digest:
            return place
        kept = self.kept(digest)
        if kept is None:
            what = "changed since it was recorded" if found else "is gone"
            hint = "bring the recorded content back, or record the build again"
            self.faults.append(Fault(f"the source `{path}` {what}", Where(place), hint, "emit/source"))
        return kept

    def text(self, digest: str) -> str | None:
        """A text of the plan, such as the target of a symlink that some step made."""
        return self.recording.plan.texts.get(digest)

    def target(self, path: str, digest: str) -> str | None:
        """The normalised target of a symlink that was there before the build."""
        kept = self.text(digest)
        if kept is not None:
            return kept
        place = Path(expand(path, self.recording.roots))
        try:
            target = normalise(os.fsdecode(place.readlink()), self.recording.roots)
        except OSError:
            target = ""
        if hash_bytes(os.fsencode(target)) == digest:
            return target
        what = f"the symlink `{path}` is gone or leads elsewhere than when it was recorded"
        self.faults.append(Fault(what, Where(place), "record the build again", "emit/source"))
        return None


def changed_tools(recording: Recording) -> list[str]:
    """The files of the toolchain and the system that are gone or not what they were."""
    changed, memory = [], hash_memory.of_tools()
    for tool in recording.tools:
        place = Path(expand(tool.path, recording.roots))
        try:
            found = place.stat()
            same = tool.size in (0, found.st_size) and memory.hash(str(place), found) == tool.digest
        except OSError:
            same = False
        if not same:
            changed.append(str(place))
    memory.save_if_possible()
    return changed
