"""Rust source of a ledger's struct layouts: `#[repr(C)]` structs whose size and offsets the compiler asserts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from portwright.derive.struct_members import members
from portwright.derive.struct_members import packed as is_packed
from portwright.describe.ledger import Struct, StructField

# fmt: off
KEYWORDS = frozenset((
    "as", "async", "await", "box", "break", "const", "continue", "crate", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match",
    "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super",
    "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while",
    "yield", "abstract", "become", "Self",
))
# fmt: on
INTEGERS = (1, 2, 4, 8, 16)


def struct(name: str, layout: Struct, own: str | None = None) -> str:
    """The struct of one layout, with its padding spelled out, and the assertions on it; `own` is its name in Rust.

    Where a field lies off its natural border the struct is packed, so that each offset is the ledger's on any CPU.
    """
    rows = sorted(layout.fields.items(), key=lambda row: row[1].offset)
    packed = is_packed(layout, INTEGERS)
    head = f"/// `{name}`: {layout.size} bytes."
    notes = [text for text in (layout.note, layout.source and f"Read in `{layout.source}`.") if text]
    doc = "".join(f"///\n/// {one_line(text)}\n" for text in notes)
    own = own or type_name(name)
    fields = "".join(f"    {line}\n" for line in _fields(layout))
    asserts = "".join(
        f"    assert!(core::mem::offset_of!({own}, {field_name(field)}) == {place.offset});\n"
        for field, place in rows
    )
    return (
        f"{head}\n{doc}"
        f"#[derive(Clone, Copy, Debug, PartialEq, Eq)]\n#[repr(C{', packed' if packed else ''})]\n"
        f"pub struct {own} {{\n{fields}}}\n\n"
        f"impl {own} {{\n"
        "    /// All bytes 0.\n"
        "    #[must_use]\n"
        "    pub const fn zeroed() -> Self {\n"
        "        // SAFETY: every field is an integer or an array of bytes, for which 0 is a value.\n"
        "        unsafe { core::mem::zeroed() }\n"
        "    }\n"
        "}\n\n"
        f"const _: () = {{\n    assert!(core::mem::size_of::<{own}>() == {layout.size});\n{asserts}}};\n"
    )


def one_line(text: str) -> str:
    """A ledger's sentence as a comment can hold it: a second line would be code."""
    return " ".join(text.split())


def string(text: str) -> str:
    """A text as a literal of Rust, on one line."""
    quoted = "".join(
        {"\\": "\\\\", '"': '\\"'}.get(c, c) if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in text
    )
    return f'"{quoted}"'


def type_name(name: str) -> str:
    """`epoll_event` -> `EpollEvent`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_")) or name


def field_name(name: str) -> str:
    """A name as Rust takes it where a variable stands: snake case, and no keyword."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.replace("-", "_")).lower()
    return f"{snake}_" if snake in KEYWORDS else snake


def _fields(layout: Struct) -> Iterator[str]:
    pads = 0
    for name, place in members(layout):
        if name is None:
            yield f"_pad{pads}: [u8; {place.size}],"
            pads += 1
        else:
            yield f"/// {place.size} bytes at offset {place.offset}."
            yield f"pub {field_name(name)}: {_type(place)},"


def _type(place: StructField) -> str:
    if place.size not in INTEGERS:
        return f"[u8; {place.size}]"
    return f"{'i' if place.signed else 'u'}{place.size * 8}"
