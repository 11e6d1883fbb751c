"""Write the text of a symbolic link, without a NUL; the result counts its bytes, cut where there is no room."""

from __future__ import annotations

from portwright.run import links
from portwright.run.engine import Access
from portwright.run.failure import Failure
from portwright.run.process import Process


def perform(process: Process, path: bytes, buffer: int, length: int) -> int | Failure:
    """What is no symbolic link is EINVAL."""
    if length == 0:
        return Failure("EINVAL")
    process.check_buffer(buffer, length, Access.WRITE)
    text = links.read_link(process.files, path)[:length]
    process.engine.write(buffer, text)
    return len(text)
