"""The contract of an extractor: it reads tables of numbers out of a text in one form of source code.

An extractor module has `SUFFIXES` (of the files that it reads) and `extract(text, facts)`, which returns every
table in the text. `facts` are what is true where the kernel is compiled (`target_arch`, `target_pointer_width`, as
in Rust's `cfg`): what is left out there is left out of the tables.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    """A named number; `value` is None where the expression `text` could not be worked out."""

    name: str
    value: int | None
    line: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers that belong together, such as the variants of an enum; `name` is empty where the source has none."""

    name: str
    line: int
    numbers: tuple[Number, ...]
