"""Writes a layout to a file: all of it under its name, or nothing; holes stay holes; a hash of each content on the way.

Two threads read, hash and write, since all three let other threads run; the layout is made meanwhile. Memory is a few
buffers, however large the image is.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import queue
import stat
import tempfile
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from portwright.base.errors import PortwrightError, Where, fail
from portwright.base.events import Advanced, Begun, Event
from portwright.base.files import disk_errors
from portwright.base.sources import File, Source
from portwright.formats import Copied, Layout, Literally, Piece

WORKERS = 2
BUFFER = 1 << 20
BATCH = 4 << 20
SPARSE_FROM = 1 << 16
"""Bytes of a file from which on its holes are looked for."""
ELSEWHERE = "write to a folder"


@dataclass(slots=True)
class Written:
    """What was written: the file's size, and the SHA-256 of each source that was copied whole, by its `id`."""

    size: int
    hashes: dict[int, str] = field(default_factory=dict)


def write(layout: Layout, path: Path, *, hashes: bool = False) -> Generator[Event, None, Written]:
    """Put the image in the place of `path`, synced. An error or a kill leaves what was there."""
    with disk_errors(path, ELSEWHERE), replaced(path) as descriptor:
        return (yield from fill(layout, descriptor, hashes=hashes))


def fill(layout: Layout, descriptor: int, *, hashes: bool = False) -> Generator[Event, None, Written]:
    """Write the image into an open, empty file."""
    os.ftruncate(descriptor, layout.size)
    crew = _Crew(descriptor, hashes)
    yield Begun("write", layout.size)
    try:
        said = 0
        for batch, end in _batches(layout):
            crew.put(batch)
            if end - said >= 64 * BUFFER:
                said = end
                yield Advanced("write", end)
    finally:
        crew.end()
    crew.complain()
    yield Advanced("write", layout.size, "sync")
    return Written(layout.size, crew.hashes)


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[int]:
    """An open, empty file that takes the place of `path` when the block ends without an error, synced first.

    It has no name meanwhile where the file system can do that, so that even a kill leaves nothing.
    """
    path = path.resolve() if path.is_symlink() else path
    if path.exists() and not path.is_file():
        raise fail(
            "this is no ordinary file", Where(path), "give the name of a file to make", "image/not-a-file"
        )
    if not path.parent.is_dir():
        raise fail("there is no such folder", Where(path.parent), "make it first", "file/missing")
    descriptor, name = _beside(path)
    try:
        with contextlib.suppress(OSError):
            old = path.stat()
            os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
            os.fchown(descriptor, old.st_uid, old.st_gid)
        yield descriptor
        os.fsync(descriptor)
        name = name or _name(descriptor, path)
        Path(name).replace(path)
        sync_folder(path.parent)
    except BaseException:
        if name:
            Path(name).unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _beside(path: Path) -> tuple[int, str]:
    """An open file in the folder of `path`, and its name, empty where it has none yet."""
    umask = _umask()
    with contextlib.suppress(OSError, AttributeError):
        return os.open(path.parent, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o666 & ~umask), ""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".new", dir=path.parent)
    except FileNotFoundError:
        what = "no file can be made in this folder"
        raise fail(what, Where(path.parent), f"{ELSEWHERE} of a disk", "file/missing") from None
    os.fchmod(descriptor, 0o666 & ~umask)
    return descriptor, name


def _name(descriptor: int, path: Path) -> str:
    """Give a nameless file a name beside `path`."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for number in range(1000):
            name = f".{path.name[:100]}.{os.getpid()}-{number}.new"
            with contextlib.suppress(FileExistsError):
                # With a folder given, the link of /proc is followed.
                os.link(f"/proc/self/fd/{descriptor}", name, src_dir_fd=folder, dst_dir_fd=folder)
                return str(path.with_name(name))
    finally:
        os.close(folder)
    raise OSError(errno.EEXIST, "no name is free", str(path.parent))


def _umask() -> int:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("Umask:")), 8)
    except (OSError, StopIteration):
        return 0o022


def sync_folder(folder: Path) -> None:
    """Make renames in a folder last."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(held)
    finally:
        os.close(held)


def _batches(layout: Layout) -> Iterator[tuple[list[Piece], int]]:
    """The pieces in batches; those of one source that follow each other stay together, so that it can be hashed."""
    batch: list[Piece] = []
    weight = between = last = 0
    for piece in layout.pieces:
        if isinstance(piece, Literally):
            length, source = len(piece.data), last if between < BATCH else 0
            between += length
        else:
            length, source, between = piece.length, id(piece.source), 0
        if weight >= BATCH and (source != last or not source):
            yield batch, piece.offset
            batch, weight = [], 0
        last = source
        batch.append(piece)
        weight += length + 256
    if batch:
        yield batch, layout.size


class _Crew:
    """The threads that do what is put."""

    def __init__(self, descriptor: int, hashes: bool) -> None:
        self.descriptor, self.wanted = descriptor, hashes
        self.hashes: dict[int, str] = {}
        self.failure: BaseException | None = None
        self.queue: queue.Queue[list[Piece] | None] = queue.Queue(2 * WORKERS)
        self.threads = [threading.Thread(target=self._work, daemon=True) for _ in range(WORKERS)]
        for thread in self.threads:
            thread.start()

    def put(self, batch: list[Piece]) -> None:
        """Have a batch written; raises what went wrong with earlier ones."""
        self.complain()
        self.queue.put(batch)

    def end(self) -> None:
        """Wait until all is written."""
        for _ in self.threads:
            self.queue.put(None)
        for thread in self.threads:
            thread.join()

    def complain(self) -> None:
        """Raise what went wrong."""
        if self.failure is not None:
            raise self.failure

    def _work(self) -> None:
        hand = _Hand(self.descriptor, self.wanted)
        while (batch := self.queue.get()) is not None:
            if self.failure is None:
                try:
                    hand.write(batch)
                except BaseException as error:  # told by the thread that waits
                    self.failure = error
        self.hashes |= hand.hashes


class _Hand:
    """One thread's buffer, and what it has hashed."""

    def __init__(self, descriptor: int, hashes: bool) -> None:
        self.out, self.wanted = descriptor, hashes
        self.buffer = memoryview(bytearray(BUFFER))
        self.hashes: dict[int, str] = {}

    def write(self, batch: list[Piece]) -> None:
        """Write the pieces of a batch."""
        current: Source | None = None
        opened, done, digest = -1, 0, None
        try:
            for piece in batch:
                if isinstance(piece, Literally):
                    put(self.out, piece.data, piece.offset)
                    continue
                if piece.source is not current:
                    if opened >= 0:
                        os.close(opened)
                        opened = -1
                    current, done = piece.source, 0
                    digest = hashlib.sha256() if self.wanted else None
                    if isinstance(current, File):
                        opened = _open(current)
                if piece.start != done:
                    digest = None
                if opened >= 0:
                    self._file(opened, piece, digest)
                else:
                    self._other(piece, digest)
                done += piece.length
                if digest is not None and done == piece.source.size:
                    self.hashes[id(piece.source)] = digest.hexdigest()
        finally:
            if opened >= 0:
                os.close(opened)

    def _file(self, opened: int, piece: Copied, digest: hashlib._Hash | None) -> None:
        """A piece of a file of the host."""
        length = piece.length
        if length >= SPARSE_FROM and os.lseek(opened, piece.start, os.SEEK_HOLE) < piece.start + length:
            self._sparse(opened, piece, digest)
            return
        if digest is None and length >= SPARSE_FROM and _copy_range(opened, self.out, piece):
            return
        self._through(opened, piece, piece.start, length, digest)

    def _through(
        self, opened: int, piece: Copied, start: int, length: int, digest: hashlib._Hash | None
    ) -> None:
        """Bytes through the buffer."""
        place = piece.offset + start - piece.start
        while length:
            part = self.buffer[: min(length, BUFFER)]
            found = os.preadv(opened, [part], start)
            if not found:
                raise _changed(piece.source)
            data = part[:found]
            if digest is not None:
                digest.update(data)
            put(self.out, data, place)
            start, place, length = start + found, place + found, length - found

    def _sparse(self, opened: int, piece: Copied, digest: hashlib._Hash | None) -> None:
        """A piece with holes: they are hashed, and not written."""
        at, end = piece.start, piece.start + piece.length
        while at < end:
            try:
                data = min(os.lseek(opened, at, os.SEEK_DATA), end)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
                data = end
                if os.fstat(opened).st_size < end:
                    raise _changed(piece.source) from None
            zeros = data - at
            while digest is not None and zeros:
                part = min(zeros, len(_ZEROS))
                digest.update(_ZEROS[:part])
                zeros -= part
            if data == end:
                return
            at = min(os.lseek(opened, data, os.SEEK_HOLE), end)
            self._through(opened, piece, data, at - data, digest)

    def _other(self, piece: Copied, digest: hashlib._Hash | None) -> None:
        """A piece of a source that is no file of its own; whole runs of zeros are not written."""
        start, place, length = piece.start, piece.offset, piece.length
        while length:
            part = min(length, BUFFER)
            data = piece.source.read(start, part)
            if digest is not None:
                digest.update(data)
            put_sparse(self.out, data, place)
            start, place, length = start + part, place + part, length - part


_ZEROS = memoryview(bytes(BUFFER))
_STEP = 1 << 16


def put(descriptor: int, data: bytes | memoryview, place: int) -> None:
    """Write all bytes at a place."""
    view = memoryview(data)
    while len(view):
        done = os.pwrite(descriptor, view, place)
        view, place = view[done:], place + done


def put_sparse(descriptor: int, data: bytes, place: int) -> None:
    """Write bytes into a file that is zeros there: not those that are."""
    view = memoryview(data)
    for at in range(0, len(view), _STEP):
        part = view[at : at + _STEP]
        if part != _ZEROS[: len(part)]:
            put(descriptor, part, place + at)


def _copy_range(opened: int, out: int, piece: Copied) -> bool:
    """Let the kernel copy; False where it cannot between these two files."""
    start, place, length = piece.start, piece.offset, piece.length
    while length:
        try:
            done = os.copy_file_range(opened, out, length, start, place)
        except OSError as error:
            if error.errno in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM):
                return False
            raise
        if not done:
            raise _changed(piece.source)
        start, place, length = start + done, place + done, length - done
    return True


def _open(source: File) -> int:
    try:
        return os.open(source.path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise fail(f"cannot be read: {error.strerror}", Where(source.name), None, "file/unreadable") from None


def _changed(source: Source) -> PortwrightError:
    what = f"the file had {source.size} bytes a moment ago, and now it ends earlier"
    return fail(what, Where(source.name), "something else is writing it", "source/changed")
