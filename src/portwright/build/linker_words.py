"""Reads the words with which rustc calls a GNU linker: what goes in, what comes out, what the real linker is told."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from portwright.base.errors import Where, fail

WITH_VALUE = frozenset(
    {"-e", "--entry", "-T", "--script", "-L", "-l", "-z", "-m", "-u", "--undefined", "--defsym", "-Map", "-h"}
    | {"--version-script", "--dynamic-list", "-soname", "-rpath", "--wrap", "--section-start", "-Ttext"}
    | {"-Tdata", "-Tbss", "-Ttext-segment", "-dynamic-linker"}
)
"""Options whose value is the next word."""
PLUGIN = ("-plugin-opt=", "--plugin-opt=")
MOST_NESTING = 8


@dataclass(frozen=True)
class Words:
    """`items` are the linker's words in their order, each with whether it is an input file; `level` is the optimisation
    that was asked for (0 to 3), None where nothing says it; `entry` the symbol where programs begin."""

    items: tuple[tuple[str, bool], ...]
    output: Path
    level: int | None
    entry: str

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The input files, in their order."""
        return tuple(Path(word) for word, is_file in self.items if is_file)


def read(words: Sequence[str]) -> Words:
    """The meaning of the words; raises `BadInput` where they make no sense."""
    items: list[tuple[str, bool]] = []
    output, level, entry = Path("a.out"), None, "_start"
    rest = iter(_unfolded(words, 0))
    for word in rest:
        plugin = next((word.removeprefix(name) for name in PLUGIN if word.startswith(name)), None)
        if plugin is not None:
            level = int(plugin[1]) if len(plugin) == 2 and plugin[0] == "O" and plugin[1].isdigit() else level
        elif word in ("-o", "--output"):
            output = Path(_value(rest, word))
        elif word.startswith("-o") and not word.startswith(("-oformat", "-omagic")):
            output = Path(word[2:])
        elif word in WITH_VALUE:
            value = _value(rest, word)
            entry = value if word in ("-e", "--entry") else entry
            items += [(word, False), (value, False)]
        elif word.startswith("-"):
            entry = word.partition("=")[2] if word.startswith("--entry=") else entry
            items.append((word, False))
        else:
            items.append((word, True))
    return Words(tuple(items), output, level, entry)


def _value(rest: object, option: str) -> str:
    value = next(rest, None)  # type: ignore[call-overload]
    if value is None:
        raise fail(f"the linker's option {option} has no value", None, None, "backend/words")
    return str(value)


def _unfolded(words: Sequence[str], depth: int) -> list[str]:
    """The words with those of `@files` in their places: rustc writes long command lines into files."""
    found: list[str] = []
    for word in words:
        if not word.startswith("@"):
            found.append(word)
            continue
        path = Path(word[1:])
        if depth == MOST_NESTING:
            raise fail("files of words that name each other", Where(path), None, "backend/words")
        try:
            text = path.read_text(encoding="utf-8")
            found += _unfolded(shlex.split(text), depth + 1)
        except (OSError, ValueError) as error:
            raise fail(
                f"cannot read words for the linker: {error}", Where(path), None, "backend/words"
            ) from None
    return found
