"""Text of unknown origin made fit to be shown: no terminal commands, no control characters, nothing half a character."""

from __future__ import annotations

import re
from typing import Any

COMMANDS = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_c]|[()][A-Z0-9])")


def visible(text: str) -> str:
    """The text without terminal commands; what cannot be seen is escaped (`\\x07`), but for line ends and tabs."""
    if text.isascii() and text.isprintable():
        return text
    plain = COMMANDS.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c if c.isprintable() or c in "\n\t" else _escaped(ord(c)) for c in plain)


def _escaped(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def one_line(text: str) -> str:
    """The visible text with its line ends as spaces."""
    return " ".join(visible(text).split())


def shortened(text: str, most: int) -> str:
    """At most about so many characters: a little of the beginning, and more of the end, where failures stand."""
    if len(text) <= most:
        return text
    head, tail = most // 4, most - most // 4
    left_out = len(text) - head - tail
    return f"{text[:head]}\n[... {left_out:,} characters left out ...]\n{text[-tail:]}"


def everywhere(value: Any) -> Any:
    """A JSON value with `visible` done to every text in it."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible(str(key)): everywhere(inner) for key, inner in value.items()}
    return [everywhere(inner) for inner in value] if isinstance(value, list) else value
