"""Directory entries in the two forms of a ledger's [directory]: several records per call, or one name per call."""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from portwright.describe.cpu import Cpu
from portwright.describe.ledger import DirectoryRecords, StructField
from portwright.run.hostility import Hostility

Entry = tuple[bytes, int, int]  # name, inode, kind (S_IF*)

KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFCHR: "char-device",
    stat.S_IFBLK: "block-device",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
}


@dataclass(frozen=True, slots=True)
class Packed:
    """The bytes of some entries, how many entries they are, and what the call answers."""

    data: bytes
    count: int
    result: int


def one_name(
    form: DirectoryRecords, cpu: Cpu, entries: Sequence[Entry], room: int, hostility: Hostility
) -> Packed | None:
    """The next entry: its name, a NUL, a byte for its kind; None where the room is too small."""
    name, _, kind = entries[0]
    data = name + b"\0" + bytes([_type(form, kind) & 0xFF])
    return Packed(data, 1, len(name)) if len(data) <= room else None


def records(
    form: DirectoryRecords, cpu: Cpu, entries: Sequence[Entry], room: int, hostility: Hostility
) -> Packed | None:
    """As many records as there is room for (fewer, now and then); None where there is none for the first."""
    assert form.length is not None and form.name is not None
    most = hostility.shorten(len(entries))
    data = bytearray()
    count = 0
    for name, inode, kind in entries[:most]:
        record = _record(form, cpu, name, inode, kind)
        if len(data) + len(record) > room:
            break
        data += record
        count += 1
    return Packed(bytes(data), count, len(data)) if count else None


def _record(form: DirectoryRecords, cpu: Cpu, name: bytes, inode: int, kind: int) -> bytes:
    assert form.length is not None and form.name is not None
    size = form.name + len(name) + 1
    size += -size % cpu.pointer_size
    record = bytearray(size)
    fields: list[tuple[StructField | None, int]] = [
        (form.length, size),
        (form.name_length, len(name)),
        (form.inode, inode),
        (form.type, _type(form, kind)),
    ]
    for place, value in fields:
        if place is not None:
            part = (value & (1 << 8 * place.size) - 1).to_bytes(place.size, cpu.endian)
            record[place.offset : place.offset + place.size] = part
    record[form.name : form.name + len(name)] = name
    return bytes(record)


def _type(form: DirectoryRecords, kind: int) -> int:
    return form.types.get(KINDS.get(kind, "file"), 0)


FORMS: dict[str, Callable[..., Packed | None]] = {"one-name": one_name, "records": records}
