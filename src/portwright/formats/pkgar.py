"""Redox's packages: a signed header, a table of files with their hashes, and their data, packed or not.

The format has no magic: it is known by a header and a table that make sense. Signatures are not verified (nobody
here has the keys), hashes where the module `blake3` is there. Packages are made by the crate's own tool.
"""

from __future__ import annotations

import importlib
import lzma
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portwright.base.errors import BadInput, Fault, Where, fail
from portwright.base.joined import Joined
from portwright.base.sources import AT_ONCE, Source, Window, inside
from portwright.formats import Kind, Layout, Node, Packing, Problem

HOLDS = "files"
SUMMARY = "pkgar, Redox's packages: files with their hashes, signed as a whole; looked at, not made"
FIELDS = ()

_HEADER = struct.Struct("<64s32s32sIBBBB")
_ENTRY = struct.Struct("<32sQQI256s")
MACHINES = ("any", "x86-64", "x86", "AArch64", "RISC-V 64")
PACKINGS = ("none", "LZMA2")
LONGEST = 4096
"""Bytes of the longest symlink target that is read."""
_KINDS: dict[int, Kind] = {0o100000: "file", 0o120000: "symlink"}
_MAKE = "`cargo install pkgar --features cli` gives `pkgar create`, which signs with your key (pkgar-keys)"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the table; `offset` is its data's in the source, `size` what lies there."""

    number: int
    digest: bytes
    offset: int
    size: int
    mode: int
    path: bytes
    ends: bool
    """Whether its path ends before its field does, and nothing follows it."""

    @property
    def kind(self) -> Kind | None:
        """What it is."""
        return _KINDS.get(self.mode & ~0o7777)

    @property
    def place(self) -> int:
        """Where its row lies in the source."""
        return _HEADER.size + self.number * _ENTRY.size


class Lzma2:
    """What a part of a source unpacks to. Reading on is quick; going back begins anew."""

    def __init__(self, source: Source, offset: int, length: int, size: int) -> None:
        self.source, self.offset, self.length, self.size = source, offset, length, size
        self.name = source.name
        self._restart()

    def _restart(self) -> None:
        window = min(64 << 20, max(4096, self.size))
        filters: list[dict[str, Any]] = [{"id": lzma.FILTER_LZMA2, "dict_size": window}]
        self._decoder = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)
        self._fed = self._done = 0

    def read(self, offset: int, length: int) -> bytes:
        """See `Source`."""
        inside(self, offset, length)
        if offset < self._done:
            self._restart()
        while self._done < offset:
            self._more(min(offset - self._done, AT_ONCE))
        found = bytearray()
        while len(found) < length:
            found += self._more(length - len(found))
        return bytes(found)

    def _more(self, most: int) -> bytes:
        feed = b""
        if self._decoder.needs_input:
            feed = self.source.read(self.offset + self._fed, min(1 << 16, self.length - self._fed))
            self._fed += len(feed)
        try:
            data = self._decoder.decompress(feed, most)
        except (lzma.LZMAError, EOFError):
            data = b""
        if not data and (self._decoder.eof or not feed):
            where = Where(self.name, address=self.offset + self._fed)
            what = f"packed data is damaged: it ends after {self._done} of {self.size} bytes"
            raise fail(what, where, None, "pkgar/packed")
        self._done += len(data)
        return data


class Pkgar:
    """The files of a package; see `Volume`. Folders are those that the files' paths need."""

    def __init__(self, source: Source) -> None:
        self.image = source
        inside(source, 0, _HEADER.size)
        fields = _HEADER.unpack(source.read(0, _HEADER.size))
        _, self.key, self.digest, self.count, self.version, self.machine, self.packing, self.rest = fields
        self.data = _HEADER.size + self.count * _ENTRY.size
        if self.data > source.size:
            what = f"a table of {self.count} files would end at {self.data:#x}, beyond the end"
            hint = "it was cut off, or is no package: there is no magic to tell"
            raise fail(what, Where(source.name, address=128), hint, "pkgar/cut-off")
        self.source = Joined(source)
        self._unpacked: dict[int, int] = {}

    @property
    def facts(self) -> Mapping[str, str | int]:
        """See `Volume`."""
        return {
            "files": self.count,
            "version": self.version,
            "machine": _word(MACHINES, self.machine),
            "compression": _word(PACKINGS, self.packing),
            "public key": self.key.hex(),
            "signature": "not verified",
        }

    def entries(self) -> Iterator[Entry]:
        """The rows of the table."""
        for number in range(self.count):
            row = self.image.read(_HEADER.size + number * _ENTRY.size, _ENTRY.size)
            digest, offset, size, mode, field = _ENTRY.unpack(row)
            path, end, rest = field.partition(b"\0")
            yield Entry(number, digest, self.data + offset, size, mode, path, bool(end) and not any(rest))

    def trouble(self, entry: Entry) -> Problem | None:
        """Why a file cannot be read."""
        if entry.kind is None:
            what = f"its mode {entry.mode:#o} is that of neither a file nor a symlink"
            return Problem("pkgar/kind", what, entry.place, entry.path)
        parts = entry.path.split(b"/")
        if not entry.ends or any(part in (b"", b".", b"..") for part in parts):
            what = f"the path {entry.path[:80]!r} is none: an extractor would leave its folder"
            return Problem("pkgar/path", what, entry.place, entry.path)
        if entry.offset + entry.size > self.image.size:
            what = f"its {entry.size} bytes at {entry.offset:#x} lie beyond the end at {self.image.size:#x}"
            return Problem("pkgar/outside", what, entry.place, entry.path)
        if self.packing and (
            entry.size < 9 or self.length(entry) > entry.size << 18
        ):  # no packer is that good
            what = f"its {entry.size} bytes are too few for what is packed in them"
            return Problem("pkgar/packed", what, entry.offset, entry.path)
        if entry.kind == "symlink" and self.length(entry) > LONGEST:
            what = f"a symlink's target has {self.length(entry)} bytes"
            return Problem("pkgar/long-target", what, entry.place, entry.path)
        return None

    def length(self, entry: Entry) -> int:
        """Bytes that a file has when it is unpacked."""
        return int.from_bytes(self.image.read(entry.offset, 8), "little") if self.packing else entry.size

    def content(self, entry: Entry) -> Source:
        """What a file holds, unpacked while it is read."""
        if self.packing:
            return Lzma2(self.image, entry.offset + 8, entry.size - 8, self.length(entry))
        return Window(self.image, entry.offset, entry.size)

    def _node(self, entry: Entry) -> Node:
        kind, size = entry.kind, self.length(entry)
        assert kind is not None  # `trouble` was asked first
        target = self.content(entry).read(0, size) if kind == "symlink" else b""
        return Node(entry.path, kind, entry.mode & 0o7777, size, target, number=entry.number)

    def walk(self) -> Iterator[Node]:
        """See `Volume`."""
        folders: set[bytes] = {b""}
        files: set[bytes] = set()
        yield Node(b"", "directory", 0o755)
        for entry in self.entries():
            trouble = self.trouble(entry) or _clash(entry, folders, files)
            if trouble is not None:
                where = Where(self.image.name, address=trouble.address)
                shown = trouble.path.decode("utf-8", "backslashreplace")
                raise fail(f"{shown}: {trouble.what}", where, None, trouble.code)
            files.add(entry.path)
            for folder in _above(entry.path):
                if folder not in folders:
                    folders.add(folder)
                    yield Node(folder, "directory", 0o755)
            yield self._node(entry)

    def lookup(self, path: bytes) -> Node | None:
        """See `Volume`. What else is damaged does not hinder."""
        path = b"/".join(part for part in path.split(b"/") if part)
        folder = not path
        for entry in self.entries():
            if entry.path == path:
                return self._node(entry) if self.trouble(entry) is None else None
            folder = folder or entry.path.startswith(path + b"/")
        return Node(path, "directory", 0o755) if folder else None

    def stretches(self, node: Node) -> Iterator[tuple[int | None, int]]:
        """See `Volume`. What is packed lies behind the end of the package, in `source`."""
        if not node.size or node.number < 0:
            return
        if node.number not in self._unpacked:
            row = self.image.read(_HEADER.size + node.number * _ENTRY.size + 32, 16)
            offset, size = struct.unpack("<QQ", row)
            entry = Entry(node.number, b"", self.data + offset, size, 0, node.path, True)
            packed = self.packing
            self._unpacked[node.number] = self.source.add(self.content(entry)) if packed else entry.offset
        yield self._unpacked[node.number], node.size


def _word(words: tuple[str, ...], number: int) -> str:
    return words[number] if number < len(words) else f"unknown ({number})"


def _above(path: bytes) -> Iterator[bytes]:
    parts = path.split(b"/")
    return (b"/".join(parts[:count]) for count in range(1, len(parts)))


def _clash(entry: Entry, folders: set[bytes], files: set[bytes]) -> Problem | None:
    """A path that is there already, or that needs a folder where a file is."""
    if entry.path in files or entry.path in folders or any(folder in files for folder in _above(entry.path)):
        what = "the package has another file or folder in this place"
        return Problem("pkgar/same-path", what, entry.place, entry.path)
    return None


def identify(source: Source) -> str | None:
    """See the contract. Without a magic, the first files of the table must all be such as a package has."""
    try:
        package = Pkgar(source)
    except BadInput:
        return None
    known = package.version == 0 and package.rest == 0 and package.packing < len(PACKINGS)
    if not known or package.machine >= len(MACHINES) or not package.count or not any(package.key):
        return None
    for entry, _ in zip(package.entries(), range(16), strict=False):
        if entry.kind is None or not entry.ends or not entry.path or entry.path.startswith(b"/"):
            return None
        if entry.number == 0 and entry.offset != package.data:
            return None
    return f"pkgar package, {package.count} files"


def read(source: Source) -> Pkgar:
    """See the contract."""
    return Pkgar(source)


def layout(nodes: object, packing: Packing) -> Layout:
    """Raises `BadInput`, which says what makes a package."""
    raise fail("portwright does not make packages: they must be signed", None, _MAKE, "pkgar/write")


def packing(volume: Pkgar) -> Packing:
    """See the contract."""
    return Packing(compression=PACKINGS[volume.packing] if volume.packing < len(PACKINGS) else "")


def check(source: Source) -> Iterator[Problem]:
    """See the contract."""
    try:
        package = Pkgar(source)
    except BadInput as error:
        for fault in error.faults:
            yield _problem(fault)
        return
    flags = (package.version == 0, package.machine < len(MACHINES), package.packing < len(PACKINGS))
    if not all(flags) or package.rest:
        what = f"it is of version {package.version}, for machine {package.machine}, packed {package.packing}"
        hint = "it is newer than what is known here, or damaged"
        yield Problem("pkgar/flags", f"{what}: that is not known", 132, hint=hint)
        return
    yield from _table_problems(package)
    yield from _hash_problems(package)


def _problem(fault: Fault, path: bytes = b"") -> Problem:
    address = fault.where.address if fault.where else None
    return Problem(fault.code or "", fault.what, address, path, fault.hint or "")


def _table_problems(package: Pkgar) -> Iterator[Problem]:
    folders: set[bytes] = {b""}
    files: set[bytes] = set()
    end, last = package.data, 0
    for entry in package.entries():
        trouble = package.trouble(entry) or _clash(entry, folders, files)
        if trouble is not None:
            yield trouble
        elif entry.offset != end:
            what = f"its data begins at {entry.offset:#x}, where {end:#x} is the place for it"
            yield Problem("pkgar/gap", what, entry.place, entry.path, severity="warning")
        files.add(entry.path)
        folders.update(_above(entry.path))
        end = entry.offset + entry.size
        last = max(last, end)
    if last and package.image.size == package.data:
        hint = "it is the head that `pkgar split` makes: the data is in another file"
        yield Problem("pkgar/no-data", "it has the table of a package, and no data", package.data, hint=hint)
    elif package.image.size > max(last, package.data):
        what = f"{package.image.size - last} bytes follow the last file"
        yield Problem("pkgar/trailing", what, last, severity="warning")


def _hash_problems(package: Pkgar) -> Iterator[Problem]:
    try:
        new = importlib.import_module("blake3").blake3
    except ImportError:
        hint = "install the module blake3 beside portwright; `pkgar verify` checks them too"
        yield Problem("pkgar/not-verified", "its hashes were not verified", hint=hint, severity="warning")
        return
    table = Window(package.image, _HEADER.size, package.data - _HEADER.size)
    if _digest(new, table) != package.digest:
        yield Problem(
            "pkgar/table-hash", "the table of files is not what the header says: its hash is another", 96
        )
    for entry in package.entries():
        if package.trouble(entry) is not None:
            continue
        try:
            if _digest(new, package.content(entry)) != entry.digest:
                what = "its content is not what the table says: its hash is another"
                yield Problem("pkgar/file-hash", what, entry.offset, entry.path)
        except BadInput as error:
            yield from (_problem(fault, entry.path) for fault in error.faults)


def _digest(new: Any, source: Source) -> bytes:
    hasher = new()
    for offset in range(0, source.size, AT_ONCE):
        hasher.update(source.read(offset, min(AT_ONCE, source.size - offset)))
    digest: bytes = hasher.digest()
    return digest
