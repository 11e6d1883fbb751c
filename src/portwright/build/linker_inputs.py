"""Sorts what rustc gives its linker: bitcode of the program, bitcode of runtime libraries, native code, the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from portwright.base.errors import Fault, Where, raise_if
from portwright.base.files import write_atomic
from portwright.base.hashing import hash_bytes
from portwright.base.sources import File
from portwright.build.linker_words import Words
from portwright.formats import ar

BITCODE = (b"BC\xc0\xde", b"\xde\xc0\x17\x0b")
METADATA = "lib.rmeta"
RUNTIME = "libcompiler_builtins-"
"""How the archive is called whose functions code generators call by themselves: no part of the program may be inlined
into it, and nothing of it is known to be unused before there is assembly."""


@dataclass
class Inputs:
    """`program` and `runtime` are files of bitcode; `native` names what is native code already; `words` are the real
    linker's words, with None where what was generated belongs."""

    program: list[Path] = field(default_factory=list)
    runtime: list[Path] = field(default_factory=list)
    native: list[str] = field(default_factory=list)
    native_files: list[Path] = field(default_factory=list)
    words: list[str | None] = field(default_factory=list)


def sort(words: Words, unpacked: Path) -> Inputs:
    """Sort the inputs; members of archives are written below `unpacked`. Raises `BadInput` for what is neither."""
    found, faults, placed = Inputs(), [], False
    for word, is_file in words.items:
        if not is_file:
            found.words.append(word)
            continue
        path = Path(word)
        if not path.is_file():
            faults.append(Fault("this input of the linker is not there", Where(path), None, "backend/input"))
            continue
        if not placed:
            found.words.append(None)
            placed = True
        head = _head(path)
        if head.startswith(BITCODE):
            found.program.append(path)
        elif head.startswith((ar.MAGIC, ar.THIN)):
            faults += _archive(path, found, unpacked)
        else:  # native objects, linker scripts
            found.words.append(word)
            if head.startswith(b"\x7fELF"):
                found.native.append(path.name)
                found.native_files.append(path)
    raise_if(faults)
    return found


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)


def _archive(path: Path, found: Inputs, unpacked: Path) -> list[Fault]:
    """Take an archive apart where there is bitcode in it; a static library of native code stays whole."""
    archive = ar.read(File(path))
    if archive.thin:
        return [Fault("a thin archive", Where(path), "make it without T", "backend/thin")]
    contents = [
        (member.name, archive.content(member)) for member in archive.members if member.name != METADATA
    ]
    heads = [content.read(0, min(4, content.size)) for _, content in contents]
    if contents and not any(head.startswith(BITCODE) for head in heads):
        found.words.append(str(path))
        found.native.append(path.name)
        found.native_files.append(path)
        return []
    faults: list[Fault] = []
    for number, ((name, content), head) in enumerate(zip(contents, heads, strict=True)):
        data = content.read(0, content.size)
        place = unpacked / f"{path.stem}-{number}-{hash_bytes(data)[:16]}.o"
        if not place.exists():
            write_atomic(place, data)
        if head.startswith(BITCODE):
            (found.runtime if path.name.startswith(RUNTIME) else found.program).append(place)
        elif head.startswith(b"\x7fELF"):
            found.words.append(str(place))
            found.native.append(f"{path.name}({name})")
            found.native_files.append(place)
        else:
            what = f"{name} in it is neither LLVM bitcode nor an ELF object: it begins with {head!r}"
            hint = "it was cut off, or made for another system: make the library anew"
            faults.append(Fault(what, Where(path), hint, "backend/member"))
    return faults
