"""Map fresh or file-backed memory; the result is its address."""

from __future__ import annotations

from portwright.run.engine import Access
from portwright.run.failure import Failure
from portwright.run.files import OpenFile
from portwright.run.process import Process
from portwright.run.protection import access_of

PIECE = 1 << 20


def perform(
    process: Process,
    address: int,
    length: int,
    protection: frozenset[str] | None,
    flags: frozenset[str] | None,
    fd: int,
    offset: int,
) -> int | Failure:
    """Private memory only: a shared map of a file that can be written is refused, loudly."""
    space = process.space
    access = Access.READ | Access.WRITE if protection is None else access_of(protection)
    flags = flags or frozenset()
    size = space.whole_pages(length)
    if access is None or not 0 < length <= space.highest or offset % space.page or offset < 0:
        return Failure("EINVAL")
    if process.ledger.memory.write_execute == "refused" and access & Access.WRITE and access & Access.EXECUTE:
        return Failure("EPERM")
    anonymous = fd < 0 or "MAP_ANONYMOUS" in flags
    if not anonymous and "MAP_SHARED" in flags and access & Access.WRITE:
        process.complain("not-offered", "map_memory: a shared map of a file that can be written", "")
        return Failure("ENOTSUP")
    file = None if anonymous else process.files.get(fd)
    if file is not None:
        file.contents(offset, 0)  # what cannot be mapped says so before anything is changed
    start = address
    if "MAP_FIXED" in flags:
        if address % space.page or address < process.ledger.memory.lowest:
            return Failure("EINVAL")
        if address + size > space.highest:
            return Failure("ENOMEM")
        space.unmap(address, size)
    elif not _serves(process, address, size):
        start = space.place(size)
    if file is None:
        space.map_fresh(start, size, access, "map")
    else:
        space.map(start, size, access, "map")
        _copy(process, file, offset, start, size)
    return start


def _copy(process: Process, file: OpenFile, offset: int, start: int, size: int) -> None:
    """Put a file's bytes into fresh memory, piece by piece: what lies behind its end stays zero."""
    done = 0
    while done < size:
        piece = file.contents(offset + done, min(PIECE, size - done))
        if not piece:
            return
        process.engine.write(start + done, piece)
        done += len(piece)


def _serves(process: Process, address: int, size: int) -> bool:
    """Whether to follow a wish for an address: only a kind kernel does, and only where nothing is."""
    space, memory = process.space, process.ledger.memory
    return (
        process.hostility.kind
        and address >= (memory.map_base if memory.map_order == "up" else memory.lowest)
        and address % space.page == 0
        and address + size <= space.stack_lowest
        and space.is_free(address, size)
    )
