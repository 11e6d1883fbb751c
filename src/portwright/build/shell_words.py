"""Words for POSIX sh that come out as they went in, whatever bytes they hold, and are still read by people.

A word is a row of parts: literal text, and the values of variables (`Var`). Bytes that are not UTF-8 are held as
`surrogateescape` holds them. A NUL cannot be in a word of any process.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from portwright.base.errors import Where, fail

_BARE = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
_IN_DOUBLE = re.compile(r'[^"\\$`\0]*')
_NAME = re.compile(r"\$(\$|[A-Z][A-Z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Var:
    """The value of a shell variable."""

    name: str


Part = str | Var


def word(parts: Iterable[Part]) -> str:
    """One word of a command, quoted as little as is safe."""
    row = [part for part in parts if part != ""]
    if all(isinstance(part, str) for part in row):
        text = "".join(str(part) for part in row)
        return text if _BARE.fullmatch(text) else _single(text)
    if all(isinstance(part, Var) or _IN_DOUBLE.fullmatch(part) for part in row):
        return '"' + _double(row) + '"'
    return "".join(f'"${part.name}"' if isinstance(part, Var) else _single(part) for part in row)


def _single(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _double(row: Sequence[Part]) -> str:
    said = ""
    for part, after in zip(row, [*row[1:], ""], strict=True):
        if isinstance(part, str):
            said += part
        elif isinstance(after, str) and re.match(r"[A-Za-z0-9_]", after):
            said += f"${{{part.name}}}"
        else:
            said += f"${part.name}"
    return said


def split(words: str, variables: Mapping[str, str]) -> list[Part]:
    """The parts of words of a recording: a root's name becomes the variable that `variables` names for it.

    Raises `BadInput` for a root that is not among them.
    """
    parts: list[Part] = []
    end = 0
    for found in _NAME.finditer(words):
        parts.append(words[end : found.start()])
        end = found.end()
        if found[1] == "$":
            parts.append("$")
        elif found[1] in variables:
            parts.append(Var(variables[found[1]]))
        else:
            raise fail(f"`${found[1]}` is no root of the recording", Where(words), None, "emit/root")
    parts.append(words[end:])
    return _joined(parts)


def _joined(parts: Iterable[Part]) -> list[Part]:
    row: list[Part] = []
    for part in parts:
        if isinstance(part, str) and row and isinstance(row[-1], str):
            row[-1] += part
        else:
            row.append(part)
    return [part for part in row if part != ""]


@lru_cache(1 << 16)
def roots_in(words: str) -> tuple[str, ...]:
    """The roots that words of a recording speak of."""
    return tuple(found[1] for found in _NAME.finditer(words) if found[1] != "$")


@lru_cache(1 << 16)
def below(variable: str, path: str) -> str:
    """The word for a path below the folder that a variable holds; a path of nothing is that folder."""
    return word([Var(variable), f"/{path}"] if path else [Var(variable)])


def comment(text: str) -> str:
    """Text as one line that can stand after a `#`."""
    return re.sub(r"[\x00-\x1f\x7f]", "?", text)
