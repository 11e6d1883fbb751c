"""Compressed bytes as a source: gzip and zstd, unpacked again and again as they are read, with little memory.

What was unpacked last is kept, up to three times what it was packed. A stream that unpacks to very much more than
its own size is refused while it is measured, before anybody can ask for its content.
"""

from __future__ import annotations

import struct
import threading
import zlib
from collections import OrderedDict
from typing import IO, TYPE_CHECKING, Protocol, cast

from portwright.base.errors import BadInput, Where, fail
from portwright.base.sources import Source, inside

if TYPE_CHECKING:
    import zstandard

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
NAMES = {"gzip": GZIP, "zstd": ZSTD}
BLOCK = 1 << 18
READ = 1 << 16
KEPT_LEAST, KEPT_MOST = 1 << 20, 128 << 20
MOST_FREE, MOST_TIMES = 64 << 20, 100
"""A stream may always unpack to the first of these, and beyond that to so many times its size."""
WINDOW_LEAST, WINDOW_MOST = 8 << 20, 128 << 20
_SKIPPED = struct.Struct("<II")


def kind_at(source: Source, at: int) -> str | None:
    """`gzip` or `zstd`, where a stream of that kind begins at an address."""
    head = source.read(at, min(4, source.size - at))
    return next((name for name, magic in NAMES.items() if head.startswith(magic)), None)


class _Stream(Protocol):
    """A stream that is being unpacked; `end` is where it ends in the source, once all of it has been read."""

    end: int

    def read(self) -> bytes:
        """The next bytes, at most `BLOCK`; none at the end."""


class _Gzip:
    """Members of gzip, one right after the other, as gzip itself takes them."""

    def __init__(self, source: Source, at: int) -> None:
        self.source, self.end = source, at
        self._state = zlib.decompressobj(31)
        self._ended = False

    def read(self) -> bytes:
        """See `_Stream`."""
        while not self._ended:
            left = self.source.size - self.end
            data = self.source.read(self.end, min(READ, left))
            try:
                out = self._state.decompress(data, BLOCK)
            except zlib.error as error:
                raise _damaged(self.source, self.end, f"gzip: {error}") from None
            state = self._state
            self.end += len(data) - len(state.unused_data if state.eof else state.unconsumed_tail)
            if state.eof:
                head = self.source.read(self.end, min(2, self.source.size - self.end))
                self._ended, self._state = head != GZIP, zlib.decompressobj(31)
            elif not out and len(data) == left and not state.unconsumed_tail:
                raise _damaged(self.source, self.source.size, "gzip: it was cut off")
            if out:
                return out
        return b""


class _Zstd:
    """Frames of zstd, one right after the other. Where they end is read off their headers and those of their blocks."""

    def __init__(self, source: Source, at: int) -> None:
        import zstandard  # takes a while, and few archives need it

        self.source, self.start, self.end = source, at, at
        self._error = zstandard.ZstdError
        most = max(WINDOW_LEAST, min(WINDOW_MOST, 4 * source.size))
        self._context = zstandard.ZstdDecompressor(max_window_size=most)
        self._reader: zstandard.ZstdDecompressionReader | None = None
        self._place = at

    def read(self) -> bytes:
        """See `_Stream`."""
        while True:
            if self._reader is None and not self._open():
                return b""
            assert self._reader is not None
            try:
                out = self._reader.read(BLOCK)
            except (self._error, MemoryError) as error:
                raise _damaged(self.source, self.start, f"zstd: {error}") from None
            if out:
                return out
            self._reader = None

    def _open(self) -> bool:
        """Begin with the next frame; False where there is none."""
        source = self.source
        while True:
            self.start = self.end
            head = source.read(self.start, min(8, source.size - self.start))
            if len(head) < 8 or head[1:4] != b"\x2a\x4d\x18" or head[0] >> 4 != 5:
                break
            self.end += 8 + int(_SKIPPED.unpack(head)[1])  # a frame that is to be skipped
            if self.end > source.size:
                raise _damaged(source, self.start, "zstd: it was cut off")
        if not head.startswith(ZSTD):
            return False
        self.end = self._frame_end(self.start + 4)
        self._place = self.start
        part = cast(IO[bytes], self._Part(self))  # of which no more than `read` is used
        self._reader = self._context.stream_reader(part, read_size=READ, read_across_frames=False)
        return True

    def _frame_end(self, at: int) -> int:
        """Where the frame ends whose header, behind the magic, lies at an address."""
        source = self.source
        try:
            descriptor = source.read(at, 1)[0]
            single, dictionary = descriptor >> 5 & 1, (0, 1, 2, 4)[descriptor & 3]
            size = (single, 2, 4, 8)[descriptor >> 6]
            at += 1 + (not single) + dictionary + size
            last = False
            while not last:
                block = int.from_bytes(source.read(at, 3), "little")
                last, kind, length = bool(block & 1), block >> 1 & 3, block >> 3
                at += 3 + (1 if kind == 1 else length)
            at += 4 * (descriptor >> 2 & 1)
            inside(source, at, 0)
        except BadInput:
            raise _damaged(source, at, "zstd: it was cut off") from None
        return at

    class _Part:
        """The frame as the file from which it is read."""

        def __init__(self, stream: _Zstd) -> None:
            self.stream = stream

        def read(self, size: int) -> bytes:
            """The next bytes of the frame."""
            stream = self.stream
            data = stream.source.read(stream._place, min(size, stream.end - stream._place))
            stream._place += len(data)
            return data


class Unpacked:
    """A compressed stretch of a source, as what it holds; `end` is where the stretch ends."""

    def __init__(self, source: Source, at: int, allowed: int | None = None) -> None:
        kind = kind_at(source, at)
        assert kind is not None
        self.source, self.at, self.kind = source, at, kind
        self.name = f"{source.name} ({kind})"
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        packed = source.size - at
        self._room = max(KEPT_LEAST, min(3 * packed, KEPT_MOST)) // BLOCK
        self.size = self.end = 0
        self._begin()
        self._measure(allowed if allowed is not None else most_of(packed))

    def _begin(self) -> None:
        self._stream: _Stream = (_Gzip if self.kind == "gzip" else _Zstd)(self.source, self.at)
        self._following = 0
        self._rest = b""

    def _measure(self, allowed: int) -> None:
        while True:
            size = len(self._block())
            self.size += size
            if self.size > allowed:
                what = f"this unpacks to more than {allowed} bytes, very much more than it was packed"
                hint = f"if that is meant, unpack it first: {self.kind} -d"
                raise fail(what, Where(self.source.name, address=self.at), hint, "cpio/bomb")
            if size < BLOCK:
                break
        self.end = self._stream.end

    def _block(self) -> bytes:
        """The next block; all but the last are `BLOCK` bytes."""
        parts, length = [self._rest], len(self._rest)
        while length < BLOCK and (more := self._stream.read()):
            parts.append(more)
            length += len(more)
        data = b"".join(parts)
        self._rest, data = data[BLOCK:], data[:BLOCK]
        self._kept[self._following] = data
        self._following += 1
        while len(self._kept) > self._room:
            self._kept.popitem(last=False)
        return data

    def read(self, offset: int, length: int) -> bytes:
        """See `Source`."""
        inside(self, offset, length)
        found = []
        while length:
            number, skip = divmod(offset, BLOCK)
            with self._lock:  # an image is written by several threads
                data = self._kept.get(number)
                if data is None:
                    if number < self._following:
                        self._begin()
                    while self._following <= number:
                        data = self._block()
                assert data is not None
            part = data[skip : skip + length]
            found.append(part)
            offset, length = offset + len(part), length - len(part)
        return b"".join(found)


def most_of(packed: int) -> int:
    """What so many packed bytes may unpack to."""
    return MOST_FREE + MOST_TIMES * packed


def beginning(source: Source, length: int) -> bytes:
    """The first bytes that a compressed source holds, fewer where there are fewer or it is damaged."""
    kind = kind_at(source, 0)
    try:
        return (_Gzip if kind == "gzip" else _Zstd)(source, 0).read()[:length]
    except BadInput:
        return b""


class Joined:
    """A source with others behind it."""

    def __init__(self, first: Source, others: list[Unpacked]) -> None:
        self.name = first.name
        self.sources: list[Source] = [first, *others]
        self.size = sum(each.size for each in self.sources)

    def read(self, offset: int, length: int) -> bytes:
        """See `Source`."""
        inside(self, offset, length)
        found = []
        for each in self.sources:
            if offset < each.size and length:
                part = min(length, each.size - offset)
                found.append(each.read(offset, part))
                offset, length = offset + part, length - part
            offset -= each.size
        return b"".join(found)


def _damaged(source: Source, at: int, what: str) -> BadInput:
    return fail(
        what, Where(source.name, address=at), "the file is damaged: make or fetch it anew", "cpio/compression"
    )
