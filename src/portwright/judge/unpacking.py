"""What archives hold: tar and ar members with what is recorded of them, and compressed files expanded within bounds."""

from __future__ import annotations

import gzip
import importlib
import io
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from portwright.base.errors import Fault, MissingTool, Where, fail
from portwright.base.files import disk_errors, temporary_folder
from portwright.base.sources import AT_ONCE, File, Source, Window
from portwright.formats import ar
from portwright.judge.difference import Bounds

MAGICS = ((b"\x1f\x8b", "gzip"), (b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"))
FREE = 64 << 20
LARGEST_HEADER = 16 << 20
LZMA_MEMORY = 1 << 30
BROKEN = (tarfile.TarError, ValueError, OverflowError, EOFError, IndexError, KeyError)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a folder or of an archive; `owner` and `time` are empty where they are not compared."""

    name: str
    kind: str
    mode: int | None = None
    owner: str = ""
    time: int | None = None
    target: str = ""
    content: Source | None = None


def packing(source: Source) -> str:
    """How a source is compressed, by its magic; empty where it is not."""
    head = source.read(0, min(6, source.size))
    return next((name for magic, name in MAGICS if head.startswith(magic)), "")


def is_tar(source: Source) -> bool:
    """Whether a source begins with a tar header."""
    if source.size < 512:
        return False
    head = source.read(0, 512)
    if head[257:262] != b"ustar" and not head[:1].strip(b"\0"):
        return False
    try:
        wanted = int(head[148:156].strip(b" \0") or b"0", 8)
    except ValueError:
        return False
    return wanted == sum(head[:148]) + sum(head[156:]) + 8 * 32


class Expander:
    """Expands compressed sources into a folder that goes when this is closed."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds, self._stack, self._count = bounds, ExitStack(), 0
        self._folder: Path | None = None

    def __enter__(self) -> Expander:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def expanded(self, source: Source) -> Source:
        """The content of a compressed source; raises `BadInput` where it is cut off, damaged or too large."""
        kind = packing(source)
        if not kind:
            return source
        if self._folder is None:
            self._folder = self._stack.enter_context(temporary_folder("portwright-fixpoint-"))
        self._count += 1
        path = self._folder / str(self._count)
        most = min(self._bounds.expanded, max(FREE, source.size * self._bounds.ratio))
        written = 0
        with disk_errors(path), path.open("wb") as file:
            for piece in _pieces(source, kind):
                written += len(piece)
                if written > most:
                    what = f"it expands to more than {most:,} bytes, from {source.size:,}"
                    hint = "unpack it by hand, with a limit, and compare the folders"
                    raise fail(what, Where(source.name), hint, "fixpoint/too-large")
                file.write(piece)
        found = File(path)
        found.name = source.name
        return found


def _pieces(source: Source, kind: str) -> Iterator[bytes]:
    """The content of a compressed source, in pieces."""
    readers: dict[str, Callable[[Source], IO[bytes] | Any]] = {
        "gzip": lambda given: gzip.GzipFile(fileobj=_Stream(given)),
        "zstd": _zstd,
    }
    try:
        if kind == "xz":
            yield from _xz(source)
            return
        reader = readers[kind](source)
        while piece := reader.read(AT_ONCE):
            yield piece
    except (EOFError, lzma.LZMAError, zlib.error, OSError, ValueError, RuntimeError) as error:
        raise _broken(source, kind, error) from None
    except Exception as error:  # zstd's errors are of a class of its own, which is only there with it
        if type(error).__name__ != "ZstdError":
            raise
        raise _broken(source, kind, error) from None


def _broken(source: Source, kind: str, error: Exception) -> Exception:
    what = f"cut off or damaged: it cannot be expanded as {kind} ({error})"
    return fail(what, Where(source.name), "get or make the file again", "fixpoint/damaged-archive")


def _xz(source: Source) -> Iterator[bytes]:
    """All streams of an xz file; what it may ask for of memory is limited."""
    at, rest = 0, b""
    while at < source.size or rest.strip(b"\0"):
        decoder = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=LZMA_MEMORY)
        while not decoder.eof:
            given = b""
            if decoder.needs_input:
                given, rest = rest, b""
                if not given:
                    given = source.read(at, min(AT_ONCE, source.size - at))
                    at += len(given)
                    if not given:
                        raise EOFError("it ends too early")
            piece = decoder.decompress(given, AT_ONCE)
            if piece:
                yield piece
        rest = decoder.unused_data
        if rest and not rest.strip(b"\0"):
            rest = b""


def _zstd(source: Source) -> Any:
    """A reader of zstd: Python's own from 3.14 on, else the package `zstandard`."""
    for name in ("compression.zstd", "zstandard"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        if name == "zstandard":
            return module.ZstdDecompressor().stream_reader(_Stream(source), read_across_frames=True)
        return module.ZstdFile(_Stream(source))
    hint = "pip install zstandard, or unpack both by hand and compare the folders"
    raise MissingTool([Fault("there is nothing here to expand zstd with", Where(source.name), hint)])


class _Stream(io.RawIOBase):
    """A source as a file; one reading is bounded, so that no damaged field can ask for everything."""

    def __init__(self, source: Source) -> None:
        self._source, self._at = source, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        base = {0: 0, 1: self._at, 2: self._source.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, self._source.size - self._at)
        length = left if size is None or size < 0 else min(size, left)
        if length > LARGEST_HEADER:
            raise ValueError(f"a header of {length:,} bytes")
        found = self._source.read(self._at, length)
        self._at += length
        return found

    def readinto(self, buffer: Any) -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


def tar_entries(source: Source, bounds: Bounds) -> list[Entry]:
    """The members of a tar archive in their order; raises `BadInput` where it is damaged."""
    found: list[Entry] = []
    try:
        with tarfile.open(fileobj=_Stream(source), mode="r:") as archive:
            while (member := archive.next()) is not None:
                if len(found) >= bounds.members:
                    bounds.reached(f"only the first {bounds.members:,} members of an archive were compared")
                    break
                found.append(_tar_entry(source, member))
    except BROKEN as error:
        what = f"cut off or damaged: it cannot be read as tar ({error})"
        hint = "get or make the archive again"
        raise fail(what, Where(source.name), hint, "fixpoint/damaged-archive") from None
    return found


def _tar_entry(source: Source, member: tarfile.TarInfo) -> Entry:
    kinds = {
        tarfile.DIRTYPE: "folder",
        tarfile.SYMTYPE: "symlink",
        tarfile.LNKTYPE: "hard link",
        tarfile.CHRTYPE: "device",
        tarfile.BLKTYPE: "device",
        tarfile.FIFOTYPE: "pipe",
    }
    content = None
    if member.isreg():
        if member.offset_data + member.size > source.size and not member.issparse():
            raise ValueError(f"{member.name} should end at {member.offset_data + member.size:,}")
        size = 0 if member.issparse() else member.size
        content = Window(source, member.offset_data, size, f"{source.name}({member.name})")
    owner = f"{member.uname or member.uid}:{member.gname or member.gid} ({member.uid}:{member.gid})"
    kind = kinds.get(member.type, "file")
    time = int(member.mtime)
    return Entry(member.name, kind, member.mode, owner, time, member.linkname, content)


def ar_entries(source: Source) -> list[Entry]:
    """The members of an ar archive in their order, its index left out; raises `BadInput` where it is damaged."""
    archive = ar.read(source)
    found: list[Entry] = []
    for member in archive.members:
        head = source.read(member.header, ar.HEADER)
        time, user, group = (_number(head[start:end]) for start, end in ((16, 28), (28, 34), (34, 40)))
        mode = _number(head[40:48], 8)
        content = None if archive.thin else archive.content(member)
        found.append(Entry(member.name, "file", mode & 0o7777, f"{user}:{group}", time, "", content))
    return found


def _number(field: bytes, base: int = 10) -> int:
    try:
        return int(field.strip() or b"0", base)
    except ValueError:
        return -1
