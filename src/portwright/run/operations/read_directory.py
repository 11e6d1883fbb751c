"""Read the next entries of an open directory in the ledger's [directory] form; 0 at the end."""

from __future__ import annotations

from portwright.run.directory_records import FORMS
from portwright.run.engine import Access
from portwright.run.failure import Failure
from portwright.run.process import Process

MOST_AT_ONCE = 256


def passes_position(process: Process) -> bool:
    """Whether the OS's call has that argument."""
    _, call = process.ledger.offers["read_directory"]
    return "position" in (call.arguments or ())


def perform(process: Process, fd: int, buffer: int, length: int, position: int) -> int | Failure:
    """An entry that does not fit is EINVAL, and is not lost. A `position` that is passed must be an address."""
    directory = process.files.directory(fd)
    form = process.ledger.directory
    if form is None:
        advice = "add [directory] to the ledger: `form`, and where the fields lie"
        process.complain("not-offered", "the ledger does not say how directory entries look", advice)
        return Failure("ENOSYS")
    process.check_buffer(buffer, length, Access.WRITE)
    if passes_position(process):
        word = process.cpu.pointer_size
        process.space.write(position, directory.position.to_bytes(word, process.cpu.endian))
    remaining = directory.entries[directory.position : directory.position + MOST_AT_ONCE]
    if not remaining:
        return 0
    packed = FORMS[form.form](form, process.cpu, remaining, length, process.hostility)
    if packed is None:
        return Failure("EINVAL")
    directory.position += packed.count
    process.engine.write(buffer, packed.data)
    return packed.result
