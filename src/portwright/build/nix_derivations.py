"""Derivations and store paths as Nix computes them, and the stream by which `nix-store --import` takes them in.

Nothing is evaluated and no store is asked. Names, hashes and the text of a `.drv` follow Nix's own rules for plain
derivations (input-addressed, one output), so what is made here is what nix-instantiate makes of the same attributes.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DIGITS = b"0123456789abcdfghijklmnpqrsvwxyz"
EXPORTED = 0x4558494E
CHUNK = 1 << 20

Node = Mapping[str, "Node | Leaf"]
"""A folder as an archive has it."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A file of an archive."""

    content: bytes | Path
    executable: bool = False


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def base32(data: bytes) -> str:
    """Nix's base 32: the last five bits first."""
    value = int.from_bytes(data, "little")
    count = (len(data) * 8 + 4) // 5
    return "".join(chr(DIGITS[value >> (5 * place) & 31]) for place in reversed(range(count)))


def _folded(digest: bytes, size: int) -> bytes:
    made = bytearray(size)
    for at, byte in enumerate(digest):
        made[at % size] ^= byte
    return bytes(made)


def store_path(store: str, kind: str, digest: str, name: str) -> str:
    """The path of a kind of thing with that SHA-256 (hex) in the store folder."""
    said = f"{kind}:sha256:{digest}:{store}:{name}".encode()
    return f"{store}/{base32(_folded(hashlib.sha256(said).digest(), 20))}-{name}"


def _string(data: bytes) -> bytes:
    return struct.pack("<Q", len(data)) + data + bytes(-len(data) % 8)


def archive(tree: Node | Leaf) -> Iterator[bytes]:
    """A file or folder as a Nix archive, in pieces."""
    yield _string(b"nix-archive-1")
    yield from _node(tree)


def _node(node: Node | Leaf) -> Iterator[bytes]:
    yield _string(b"(") + _string(b"type")
    if isinstance(node, Leaf):
        yield _string(b"regular")
        if node.executable:
            yield _string(b"executable") + _string(b"")
        yield _string(b"contents")
        yield from _content(node.content)
    else:
        yield _string(b"directory")
        for name in sorted(node, key=_bytes):
            yield (
                _string(b"entry")
                + _string(b"(")
                + _string(b"name")
                + _string(_bytes(name))
                + _string(b"node")
            )
            yield from _node(node[name])
            yield _string(b")")
    yield _string(b")")


def _content(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield _string(content)
        return
    size = content.stat().st_size
    yield struct.pack("<Q", size)
    with content.open("rb") as file:
        left = size
        while left and (piece := file.read(min(CHUNK, left))):
            left -= len(piece)
            yield piece
    yield bytes(-size % 8)


def source_path(store: str, tree: Node | Leaf, name: str) -> str:
    """Where a file or folder lies that a Nix expression names by its path."""
    digest = hashlib.sha256()
    for piece in archive(tree):
        digest.update(piece)
    return store_path(store, "source", digest.hexdigest(), name)


def _quoted(text: str) -> bytes:
    said = _bytes(text).replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return b'"' + said.replace(b"\n", b"\\n").replace(b"\r", b"\\r").replace(b"\t", b"\\t") + b'"'


def _list(rows: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(rows) + b"]"


@dataclass(frozen=True, slots=True)
class Derivation:
    """A derivation with its place in the store, its output's, and the hash by which others count it in."""

    path: str
    out: str
    text: bytes
    references: tuple[str, ...]
    counted_as: str


def derive(
    store: str,
    attributes: Mapping[str, str],
    args: Sequence[str],
    needs: Sequence[Derivation],
    sources: Sequence[str],
) -> Derivation:
    """The derivation of these attributes (name, system, builder among them), which reads what is named."""
    name = attributes["name"]
    by_hash = sorted((need.counted_as, need) for need in dict.fromkeys(needs))
    hashed = [(digest, need) for digest, need in by_hash]
    paths = sorted((need.path, need) for need in dict.fromkeys(needs))
    inputs = sorted(dict.fromkeys(sources), key=_bytes)

    def text(out: str, rows: Sequence[tuple[str, Derivation]]) -> bytes:
        variables = {**attributes, "out": out}
        env = [
            b"(" + _quoted(key) + b"," + _quoted(variables[key]) + b")"
            for key in sorted(variables, key=_bytes)
        ]
        outputs = b'[("out",' + _quoted(out) + b',"","")]'
        drvs = _list([b"(" + _quoted(key) + b',["out"])' for key, _ in rows])
        fields = [outputs, drvs, _list([_quoted(row) for row in inputs])]
        fields += [_quoted(attributes["system"]), _quoted(attributes["builder"])]
        fields += [_list([_quoted(row) for row in args]), _list(env)]
        return b"Derive(" + b",".join(fields) + b")"

    masked = hashlib.sha256(text("", hashed)).hexdigest()
    out = store_path(store, "output:out", masked, name)
    counted = hashlib.sha256(text(out, hashed)).hexdigest()
    final = text(out, paths)
    references = tuple(sorted([*inputs, *(path for path, _ in paths)], key=_bytes))
    kind = ":".join(["text", *references])
    path = store_path(store, kind, hashlib.sha256(final).hexdigest(), f"{name}.drv")
    return Derivation(path, out, final, references, counted)


def exported(path: str, tree: Node | Leaf, references: Sequence[str] = ()) -> Iterator[bytes]:
    """A store path in the stream of `nix-store --export`; `EXPORT_END` ends the stream."""
    yield struct.pack("<Q", 1)
    yield from archive(tree)
    yield struct.pack("<Q", EXPORTED) + _string(_bytes(path)) + struct.pack("<Q", len(references))
    yield b"".join(_string(_bytes(row)) for row in references)
    yield _string(b"") + struct.pack("<Q", 0)


EXPORT_END = struct.pack("<Q", 0)
