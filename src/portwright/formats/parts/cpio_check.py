"""What is wrong with cpio archives although they can be read: what the kernel would do without, or otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from portwright.base.errors import BadInput
from portwright.base.sources import AT_ONCE, Source
from portwright.formats import Problem
from portwright.formats.parts.cpio_archive import Archive, Entry, parts_of
from portwright.formats.parts.cpio_volume import Scan, node_of

_OUTSIDE = "the kernel cannot make it: it makes no folder by itself"


@dataclass(slots=True)
class _Seen:
    """What was met so far: folders and others of the whole file, and the paths and inodes of the current archive."""

    folders: set[bytes] = field(default_factory=lambda: {b""})
    others: set[bytes] = field(default_factory=set)
    here: set[bytes] = field(default_factory=set)
    links: dict[tuple[int, tuple[int, int]], list[tuple[bytes, int, int, int]]] = field(default_factory=dict)


def check(source: Source) -> Iterator[Problem]:
    """Everything that is wrong with the archives of a file; raises `BadInput` where one cannot be read further."""
    scan, seen, current = Scan(source), _Seen(), 0
    for archive, entry in scan.entries():
        if len(scan.archives) != current:
            yield from _links(seen)
            current, seen.here, seen.links = len(scan.archives), set(), {}
        yield from _entry(archive, entry, seen)
    yield from _links(seen)
    for archive in scan.archives:
        if not archive.closed:
            what = "the archive has no trailer: it was cut off, or never finished"
            yield Problem("cpio/no-trailer", what, archive.behind + archive.end)
    if scan.junk is not None:
        what = f"{source.size - scan.junk} bytes behind the last archive are none"
        yield Problem("cpio/junk", what, scan.junk, hint="the kernel says `junk` and goes on without them")


def _entry(archive: Archive, entry: Entry, seen: _Seen) -> Iterator[Problem]:
    at, path = archive.behind + entry.at, b"/".join(parts_of(entry.name))
    try:
        node = node_of(archive, entry)
    except BadInput as error:
        for fault in error.faults:
            yield Problem(fault.code or "cpio/header", fault.what, at, path)
        return
    above = node.parent
    if above in seen.others:
        yield Problem("cpio/not-a-folder", "what this lies in is no folder", at, path, _OUTSIDE)
    elif path and above not in seen.folders:
        yield Problem(
            "cpio/no-folder", "the folder that this is in does not come before it", at, path, _OUTSIDE
        )
    if path in seen.here:
        what = "this path is in the archive twice: the later one holds"
        yield Problem("cpio/twice", what, at, path, severity="warning")
    if entry.name.startswith(b"/"):
        what = "the name begins with `/`: some tools would put the file there, outside of the tree"
        yield Problem("cpio/absolute", what, at, path, severity="warning")
    if entry.size and node.kind not in ("file", "symlink"):
        yield Problem(
            "cpio/size", f"a {node.kind} with {entry.size} bytes of content", at, path, severity="warning"
        )
    if entry.checksum is not None and node.kind == "file" and entry.size:
        total = _sum(archive.source, entry)
        if total != entry.checksum:
            what = f"its bytes add up to {total:#010x}, and should to {entry.checksum:#010x}"
            yield Problem("cpio/checksum", what, archive.behind + entry.data, path, "the content is damaged")
    seen.here.add(path)
    (seen.folders if node.kind == "directory" else seen.others).add(path)
    (seen.others if node.kind == "directory" else seen.folders).discard(path or b".")
    if node.kind == "file" and entry.links > 1:
        row = (path, at, entry.links, entry.size)
        seen.links.setdefault((entry.number, entry.device), []).append(row)


def _sum(source: Source, entry: Entry) -> int:
    """The sum of a content's bytes, as the format has it."""
    total = 0
    for start in range(0, entry.size, AT_ONCE):
        total += sum(source.read(entry.data + start, min(AT_ONCE, entry.size - start)))
    return total & 0xFFFFFFFF


def _links(seen: _Seen) -> Iterator[Problem]:
    """Files of several names: as many as they say, and one content."""
    for rows in seen.links.values():
        path, at, links, _ = rows[0]
        if len(rows) != links:
            what = f"the file is said to have {links} names, and has {len(rows)} in the archive"
            yield Problem("cpio/link-count", what, at, path, severity="warning")
        sizes = {size for *_, size in rows if size}
        if len(sizes) > 1:
            what = f"its names come with contents of {' and '.join(str(size) for size in sorted(sizes)[:3])} bytes"
            yield Problem("cpio/link-content", what, at, path)
