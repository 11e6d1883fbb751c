"""Who made a file: every way that makers are known to write their names."""

from __future__ import annotations

import zlib

import pytest

from dwarf_maker import debug
from elf_maker import CRANELIFT, GCC, LLVM, make
from portwright.base.sources import Memory
from portwright.formats import elf
from portwright.pack import provenance


@pytest.mark.parametrize(
    ("text", "tool", "version", "backend"),
    [
        (LLVM, "rustc", "1.96.0", "llvm"),
        ("clang LLVM (rustc version 1.96.0 (ac68faa20 2026-05-25))", "rustc", "1.96.0", "llvm"),
        (CRANELIFT, "rustc", "1.96.0", "cranelift"),
        (
            "rustc version 1.97.0-nightly (e50aa6fba 2026-05-19) with cranelift 0.133.0",
            "rustc",
            "1.97.0-nightly",
            "cranelift",
        ),
        ("cg_clif (rustc 1.50.0-nightly)", "rustc", "1.50.0-nightly", "cranelift"),
        ("rustc version 1.90.0 with libgccjit 14.0.1", "rustc", "1.90.0", "gcc"),
        (GCC, "gcc", "12.2.0", "gcc"),
        ("GNU C17 12.2.0 -mtune=generic -g", "gcc", "12.2.0", "gcc"),
        ("Debian clang version 22.1.0 (1)", "clang", "22.1.0", "llvm"),
        ("Linker: Debian LLD 22.1.8", "LLD", "22.1.8", ""),
        ("mold 2.40.1 (compatible with GNU ld)", "mold", "2.40.1", ""),
        ("GNU AS 2.40", "as", "2.40", ""),
        ("a compiler of our own", "", "", ""),
    ],
)
def test_makers(text: str, tool: str, version: str, backend: str) -> None:
    found = provenance.maker(text)
    assert (found.tool, found.version, found.backend) == (tool, version, backend)


def of(data: bytes) -> provenance.Provenance:
    return provenance.of_elf(elf.read(data), Memory(data))


def test_comment_and_debug_information_together() -> None:
    found = of(make(comment=[LLVM, GCC], extra=debug([f"clang LLVM ({LLVM})"] * 3 + [None])))
    assert [(m.tool, m.units) for m in found.makers] == [("gcc", 0), ("rustc", 3)]
    assert (found.backend, found.unsaid) == ("llvm", 1)
    assert found.words == "gcc 12.2.0, rustc 1.96.0 (llvm) x3"


def test_both_generators_and_none() -> None:
    found = of(make(comment=[LLVM, CRANELIFT]))
    assert (found.backend, found.rust_backends) == ("mixed", ("cranelift", "llvm"))
    nothing = of(make(comment=[]))
    assert (nothing.backend, nothing.words) == ("unknown", "unknown")


def test_compressed_debug_information_is_read() -> None:
    parts = debug([CRANELIFT] * 5)
    packed = (
        (1).to_bytes(8, "little")
        + len(parts[".debug_info"]).to_bytes(8, "little")
        + (1).to_bytes(8, "little")
    )
    parts[".debug_info"] = packed + zlib.compress(parts[".debug_info"])
    data = bytearray(make(comment=[], extra=parts))
    table = int.from_bytes(data[40:48], "little")
    names = [section.name for section in elf.read(bytes(data)).sections]
    data[table + 64 * names.index(".debug_info") + 9] |= elf.SHF_COMPRESSED >> 8
    assert of(bytes(data)).of("rustc")[0].units == 5
