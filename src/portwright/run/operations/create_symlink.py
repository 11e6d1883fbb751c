"""Make a symbolic link: `path` is the new link, `target` the text that it holds."""

from __future__ import annotations

from portwright.run import links
from portwright.run.process import Process


def perform(process: Process, path: bytes, target: bytes) -> int:
    """Any text may be in it: whoever walks through it stays in the guest's root."""
    links.create_symlink(process.files, path, target)
    return 0
