"""Edits of an image that happen whole or not at all: kill -9 at any moment leaves the old image or the new one.

A small image is written anew beside and renamed. A large one is changed in place: what is to be written is kept in
the journal first, synced, and then decided; whoever opens the image next finishes what was decided.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from portwright import VERSION
from portwright.base.errors import Where, fail, raise_if
from portwright.base.files import disk_errors, is_locked, remove_tree
from portwright.base.sources import AT_ONCE, File, Source
from portwright.pack import edit, in_use
from portwright.pack import volume as volumes
from portwright.pack.edit import Operation
from portwright.pack.journal import Entry, Extent, Journal, places
from portwright.pack.overlay import Patchwork, Stretch
from portwright.pack.place import Address
from portwright.pack.write import ELSEWHERE, put, put_sparse, replaced, sync_folder

BESIDE = 64 << 20
"""The largest image that is written anew for each edit."""
PAGE = 4096


@dataclass(frozen=True, slots=True)
class Done:
    """What an edit came to: its entry in the log (None: nothing has changed), and what a repair mended."""

    entry: Entry | None
    mended: tuple[str, ...] = ()


@contextlib.contextmanager
def reading(image: Path) -> Iterator[None]:
    """Hold off edits while an image is read, and first finish one that was decided."""
    path = _real(image)
    journal = Journal.of(path)
    if journal.pending.exists():
        with disk_errors(path, ELSEWHERE), _writing(journal):
            _recover(path)
    with _lock(path, fcntl.LOCK_SH):
        yield


@contextlib.contextmanager
def editing(image: Path) -> Iterator[Transaction]:
    """Hold an image for one edit; raises `BadInput` with every reason why it may not be changed now."""
    path = _real(image)
    raise_if(in_use.faults(path))
    with disk_errors(path, ELSEWHERE), _writing(Journal.of(path)):
        _recover(path)
        raise_if(in_use.faults(path))
        yield Transaction(path)


def _real(image: Path) -> Path:
    """The file itself, where the name is a symlink's: the journal lies beside that one."""
    volumes.host_file(image)
    return image.resolve()


def held(image: Path) -> bool:
    """Whether another edit is going on now: only for telling people."""
    return is_locked(Journal.of(image.resolve()).folder / "lock")


@contextlib.contextmanager
def _writing(journal: Journal) -> Iterator[None]:
    """Hold the journal; it goes again where nothing was ever done."""
    with _lock(journal.folder / "lock", fcntl.LOCK_EX, make=True):
        try:
            yield
        finally:
            if not journal.log.exists() and not journal.pending.exists():
                remove_tree(journal.folder)


@contextlib.contextmanager
def _lock(path: Path, how: int, *, make: bool = False) -> Iterator[None]:
    """Hold the lock of the file that has this name now: another may have come in its place while we waited."""
    while True:
        if make:
            path.parent.mkdir(exist_ok=True)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | (os.O_CREAT if make else 0), 0o666)
        except FileNotFoundError:
            if make:
                continue
            raise
        try:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(descriptor, how)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), path.stat()):
                    break
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
    try:
        yield
    finally:
        os.close(descriptor)


class Transaction:
    """One edit of an image that is held."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = Journal.of(path)
        self.source = volumes.host_file(path)

    def commit(self, operations: Sequence[Operation], verb: str, arguments: Mapping[str, Any]) -> Done:
        """Do the operations, all or none."""
        self._prepare()
        kept, contents = self._kept(operations)
        outcome = edit.apply(self.source, Address(self.path), kept)
        entry = self._entry(outcome.source, verb, arguments, tuple(kept), contents=contents)
        return Done(self._carry_out(entry, outcome.source), tuple(outcome.mended))

    def undo(self, count: int, arguments: Mapping[str, Any]) -> tuple[Entry, tuple[Entry, ...]]:
        """Take back the last edits that stand; raises `BadInput` where the image is not as they left it."""
        rows = self.journal.standing()
        if count < 1 or count > len(rows):
            what = f"{count} edits cannot be taken back: {len(rows)} stand"
            hint = f"`portwright image log {self.path.name}` shows them"
            raise fail(what, Where(self.path), hint, "image/undo")
        self._prepare()
        taken = tuple(reversed(rows[len(rows) - count :]))
        source: Source = self.source
        for row in taken:
            source = self._before(source, row)
        undoes = tuple(row.number for row in taken)
        entry = self._entry(source, "image undo", arguments, undoes=undoes)
        return self._carry_out(entry, source, always=True) or entry, taken

    def _before(self, source: Source, entry: Entry) -> Source:
        """The image as it was before an edit."""
        if source.size != entry.sizes[1]:
            raise self._otherwise(entry, f"it has {source.size:,} bytes, and had {entry.sizes[1]:,}")
        for extent in entry.extents:
            if _digest(source, extent.offset, extent.length) != extent.after:
                raise self._otherwise(entry, f"the bytes from {extent.offset:#x} on are others")
        path = self.journal.old(entry)
        if not path.is_file():
            raise fail("the bytes that the edit replaced are gone", Where(path), None, "journal/broken")
        old, made = File(path), Patchwork(entry.sizes[0], source.name, source)
        for extent, at in places(entry.extents):
            end = min(extent.offset + extent.length, made.size)
            if extent.offset < end:
                made.put(Stretch(extent.offset, end, old, at))
        return made

    def _otherwise(self, entry: Entry, how: str) -> Exception:
        what = f"the image is not as edit {entry.number} ({entry.verb}) left it: {how}"
        hint = "something else has changed it since; undo would destroy that"
        return fail(what, Where(self.path), hint, "image/changed-since")

    def _prepare(self) -> None:
        self.journal.objects.mkdir(parents=True, exist_ok=True)
        self.journal.mend_log()
        self.journal.sweep()

    def _next(self) -> int:
        entries = self.journal.entries()
        return entries[-1].number + 1 if entries else 1

    def _kept(self, operations: Sequence[Operation]) -> tuple[list[Operation], dict[int, tuple[int, str]]]:
        """The operations with their contents in the journal: what is added now can be added again."""
        found, number = list(operations), self._next()
        nodes = {at: each.node for at, each in enumerate(found) if each.node and each.node.content}
        if not nodes:
            return found, {}
        sources = [node.content for node in nodes.values() if node.content is not None]
        contents = dict(zip(nodes, self.journal.keep(number, sources), strict=True))
        for (at, node), source in zip(nodes.items(), sources, strict=True):
            own = self.journal.content(number, contents[at][0], source.size)
            found[at] = replace(found[at], node=replace(node, content=own, size=source.size))
        return found, contents

    def _entry(
        self,
        new: Source,
        verb: str,
        arguments: Mapping[str, Any],
        operations: tuple[Operation, ...] = (),
        undoes: tuple[int, ...] = (),
        contents: dict[int, tuple[int, str]] | None = None,
    ) -> Entry:
        whole = _changed_ranges(self.source, new) is None
        small = max(self.source.size, new.size) <= BESIDE
        linked = self.path.stat().st_nlink > 1
        return Entry(
            self._next(),
            time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            verb,
            dict(arguments),
            VERSION,
            "beside" if (small or whole) and not linked else "in-place",
            (self.source.size, new.size),
            tuple(_extents(self.source, new)),
            operations,
            undoes,
            contents or {},
        )

    def _carry_out(self, entry: Entry, new: Source, *, always: bool = False) -> Entry | None:
        """Decide the edit and do it; None where it changes nothing."""
        if not entry.extents and entry.sizes[0] == entry.sizes[1] and not always:
            self.journal.sweep()
            return None
        journal = self.journal
        journal.keep_parts(journal.old(entry), _parts(self.source, entry.extents))
        if entry.method == "beside":
            self._write_beside(entry, new)
        else:
            journal.keep_parts(journal.new(entry), _parts(new, entry.extents))
        sync_folder(journal.objects)
        journal.decide(entry)
        _complete(self.path, journal, entry)
        return entry

    def _write_beside(self, entry: Entry, new: Source) -> None:
        with replaced(self.journal.folder / "image.new") as out:
            status = self.path.stat()
            os.fchmod(out, status.st_mode & 0o7777)
            with contextlib.suppress(OSError):
                os.fchown(out, status.st_uid, status.st_gid)
            os.ftruncate(out, new.size)
            if _changed_ranges(self.source, new) is None:
                for at in range(0, new.size, AT_ONCE):
                    put_sparse(out, new.read(at, min(AT_ONCE, new.size - at)), at)
                return
            _copy_data(self.source, out, min(self.source.size, new.size))
            for extent in entry.extents:
                for at, data in _pieces(new, extent.offset, extent.length):
                    put(out, data, at)


def _recover(path: Path) -> None:
    """Finish an edit that was decided. Hold the exclusive lock."""
    journal = Journal.of(path)
    entry = journal.waiting()
    if entry is not None:
        with disk_errors(path, ELSEWHERE):
            _complete(path, journal, entry)


def _complete(path: Path, journal: Journal, entry: Entry) -> None:
    """Bring a decided edit into the image, from wherever a kill interrupted it, and into the log."""
    fresh = journal.folder / "image.new"
    if entry.method == "beside":
        if fresh.exists():
            fresh.replace(path)
            sync_folder(path.parent)
    elif journal.new(entry).exists():
        _write_in_place(path, journal, entry)
    journal.finish(entry)


def _write_in_place(path: Path, journal: Journal, entry: Entry) -> None:
    new = File(journal.new(entry))
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # nobody reads meanwhile
        size = entry.sizes[1]
        if os.fstat(descriptor).st_size != size:
            os.ftruncate(descriptor, size)
        for extent, place in places(entry.extents):
            end = min(extent.offset + extent.length, size)
            for at in range(extent.offset, end, AT_ONCE):
                length = min(AT_ONCE, end - at)
                put(descriptor, new.read(place + at - extent.offset, length), at)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
        new.close()


def _copy_data(source: File, out: int, size: int) -> None:
    """Copy a file's data, and leave its holes."""
    at, inside = 0, source.descriptor
    while at < size:
        try:
            at = os.lseek(inside, at, os.SEEK_DATA)
        except OSError:
            return
        end = min(os.lseek(inside, at, os.SEEK_HOLE), size)
        while at < end:
            data = source.read(at, min(AT_ONCE, end - at))
            put_sparse(out, data, at)
            at += len(data)


def _changed_ranges(old: Source, new: Source) -> list[tuple[int, int]] | None:
    """Where `new`, laid over `old`, may differ from it; None where it does not stand on it."""
    found: list[tuple[int, int]] = []
    source = new
    while source is not old:
        if not isinstance(source, Patchwork) or source.ground is None:
            return None
        found += [(each.start, each.end) for each in source.stretches]
        source = source.ground
    return [(start, min(end, new.size)) for start, end in found if start < new.size]


def _extents(old: Source, new: Source) -> Iterator[Extent]:
    """The pages in which two images differ, those that follow each other as one."""
    ranges = _changed_ranges(old, new)
    if ranges is None:
        ranges = [(0, new.size)]
    if new.size != old.size:
        ranges.append((min(old.size, new.size) // PAGE * PAGE, max(old.size, new.size)))
    rows = _merged((start // PAGE * PAGE, -(-end // PAGE) * PAGE) for start, end in ranges)
    limit = max(old.size, new.size)
    for start, end in _merged(_differing(old, new, rows, limit)):
        length = end - start
        yield Extent(start, length, _digest(old, start, length), _digest(new, start, length))


def _merged(ranges: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _differing(
    old: Source, new: Source, ranges: Sequence[tuple[int, int]], limit: int
) -> Iterator[tuple[int, int]]:
    for start, end in ranges:
        for at in range(start, min(end, limit), AT_ONCE):
            stop = min(at + AT_ONCE, end, limit)
            left, right = _clipped(old, at, stop - at), _clipped(new, at, stop - at)
            if left == right:
                continue
            for page in range(0, stop - at, PAGE):
                if left[page : page + PAGE] != right[page : page + PAGE]:
                    yield at + page, min(at + page + PAGE, stop)


def _clipped(source: Source, offset: int, length: int) -> bytes:
    """Bytes of a source, fewer where it ends."""
    length = min(length, source.size - offset)
    return source.read(offset, length) if length > 0 else b""


def _pieces(source: Source, offset: int, length: int) -> Iterator[tuple[int, bytes]]:
    end = min(offset + length, source.size)
    for at in range(offset, end, AT_ONCE):
        yield at, source.read(at, min(AT_ONCE, end - at))


def _digest(source: Source, offset: int, length: int) -> str:
    digest = hashlib.sha256()
    for _, data in _pieces(source, offset, length):
        digest.update(data)
    return digest.hexdigest()


def _parts(source: Source, extents: Sequence[Extent]) -> Iterator[tuple[int, bytes]]:
    """The bytes of extents, by where they lie in the edit's own file."""
    for extent, place in places(extents):
        for at, data in _pieces(source, extent.offset, extent.length):
            yield place + at - extent.offset, data
