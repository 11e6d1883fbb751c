"""Directory entries in a ledger's records: what is packed for a guest is what a reader finds that knows the layout."""

from __future__ import annotations

import stat

from hypothesis import given, settings
from hypothesis import strategies as st

from portwright.describe import port as ports
from portwright.describe.cpu import cpu
from portwright.describe.ledger import StructField
from portwright.run.directory_records import records
from portwright.run.hostility import Hostility

LEDGER = ports.load("x86_64-portwright-linux").ledger
KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFCHR: "char-device",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
}
NAMES = st.binary(min_size=1, max_size=255).filter(lambda name: not set(name) & {0, ord("/")})
ENTRIES = st.lists(
    st.tuples(NAMES, st.integers(1, 2**64 - 1), st.sampled_from(sorted(KINDS))), min_size=1, max_size=40
)


def number(data: bytes, place: StructField | None) -> int:
    assert place is not None
    return int.from_bytes(data[place.offset : place.offset + place.size], "little")


@given(entries=ENTRIES, room=st.integers(0, 4096), seed=st.integers(0, 50))
@settings(max_examples=150, deadline=None)
def test_records_are_read_as_they_were_packed(
    entries: list[tuple[bytes, int, int]], room: int, seed: int
) -> None:
    """The first of the entries, whole, in order, within the room; none only where the first does not fit."""
    form = LEDGER.directory
    assert form is not None and form.name is not None
    packed = records(form, cpu(LEDGER.abi.cpu), entries, room, Hostility(seed))
    if packed is None:
        assert form.name + len(entries[0][0]) + 1 > room - 8
        return
    assert packed.result == len(packed.data) <= room
    found, rest = [], packed.data
    while rest:
        length = number(rest, form.length)
        record, rest = rest[:length], rest[length:]
        assert length % 8 == 0 and len(record) == length
        found.append(
            (record[form.name :].split(b"\0")[0], number(record, form.inode), number(record, form.type))
        )
    assert packed.count == len(found) > 0
    types = {kind: form.types[name] for kind, name in KINDS.items()}
    assert found == [(name, inode, types[kind]) for name, inode, kind in entries[: len(found)]]
