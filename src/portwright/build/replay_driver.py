"""What drivers of a recorded build did themselves (copies, links, small texts), and where each content is to be had."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from portwright.base.errors import Where, fail
from portwright.build.contents import Content, Contents, symlink
from portwright.build.recording_file import RecordingFile
from portwright.build.replay_run import Ran
from portwright.derive.plan import Step
from portwright.derive.recording import Output


class DriversWork:
    """Does the steps of the kind `files`, and brings contents to where steps are given them."""

    def __init__(self, file: RecordingFile, contents: Contents, origins: Mapping[str, str]) -> None:
        self.file, self.contents, self.origins = file, contents, origins
        self.texts = file.recording.plan.texts

    def bring(self, content: Content) -> None:
        """See that a content is at hand; raises `BadInput` where it changed under our hands."""
        if self.contents.has(content):
            return
        source = self._source(content)
        taken = self.contents.take(source, content)
        if taken.digest != content.digest:
            self.contents.drop(taken)
            raise fail("changed while it was replayed", Where(source), "replay once more", "replay/changing")

    def _source(self, content: Content) -> Path:
        if content.digest in self.origins:
            return Path(self.origins[content.digest])
        for kind in ("file", "executable"):
            other = Content("executable" if kind == "executable" else "file", content.digest, content.size)
            if self.contents.has(other):
                return self.contents.path(other)
        beside = self.file.contents / content.digest
        if beside.is_file():
            return beside
        what = f"a content of {content.size:,} bytes is nowhere: {content.digest}"
        raise fail(what, Where(self.file.path), "record once more", "replay/content-gone")

    def do(self, step: Step, inputs: Mapping[str, Content]) -> Ran:
        """Each output is the content of an input, a text of the plan or a file beside the recording."""
        made: dict[str, Content] = {}
        for output in self.file.recording.seen[step.name].outputs:
            content = self._made(step, output, inputs)
            if content is not None:
                made[output.path] = content
        return Ran(0, made, (), "", 0.0)

    def _made(self, step: Step, output: Output, inputs: Mapping[str, Content]) -> Content | None:
        if output.kind == "folder":
            return Content("folder")
        link = output.kind == "symlink"
        for row in step.inputs:
            if row.digest == output.digest and (row.kind == "symlink") == link:
                now = inputs[row.path]
                return now if link else Content(output.kind, now.digest, now.size)
        text = self.texts.get(output.digest)
        if text is not None:
            data = text.encode("utf-8", "surrogateescape")
            return symlink(os.fsdecode(data)) if link else self.contents.put(data, output.kind)
        beside = self.file.contents / output.digest
        if not beside.is_file():
            return None
        if link:
            return symlink(os.fsdecode(beside.read_bytes()))
        return Content(output.kind, output.digest, beside.stat().st_size)
