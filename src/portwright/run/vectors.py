"""Several buffers in one call: an array of the ledger's `iovec`s in the guest's memory."""

from __future__ import annotations

from portwright.run.engine import Access
from portwright.run.failure import Failed
from portwright.run.process import Process

MOST = 1024

Range = tuple[int, int]


def ranges(process: Process, vectors: int, count: int, access: Access) -> list[Range]:
    """The buffers (address, length), all of them held against the guest's memory; raises `Failed` (EINVAL)."""
    if count > MOST:
        raise Failed("EINVAL")
    layout = process.layout("iovec")
    data = process.space.read(vectors, layout.size * count) if count else b""
    rows = [layout.unpack(data[at : at + layout.size]) for at in range(0, len(data), layout.size)]
    found = [(row["iov_base"], row["iov_len"]) for row in rows]
    if sum(length for _, length in found) > process.space.highest:
        raise Failed("EINVAL")
    for address, length in found:
        process.check_buffer(address, length, access)
    return found


def gather(process: Process, buffers: list[Range], most: int) -> bytes:
    """The first `most` bytes in the buffers."""
    parts: list[bytes] = []
    for address, length in buffers:
        taken = min(length, most)
        if taken:
            parts.append(process.engine.read(address, taken))
        most -= taken
    return b"".join(parts)


def scatter(process: Process, buffers: list[Range], data: bytes) -> None:
    """Put bytes into the buffers, one after the other; what lies behind them stays as it was."""
    for address, length in buffers:
        if not data:
            return
        process.engine.write(address, data[:length])
        data = data[length:]
