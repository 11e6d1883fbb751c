"""A console's bytes as text that can be shown and compared: lines without terminal commands."""

from __future__ import annotations

import re

COMMANDS = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_c]|[()][A-Z0-9])")
LONGEST = 300


def lines(data: bytes) -> list[str]:
    """The lines, each shortened; what is no text is escaped."""
    plain = COMMANDS.sub(b"", data).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    found = plain.decode("utf-8", "backslashreplace").split("\n")
    return [
        _short("".join(c if c.isprintable() or c == "\t" else f"\\x{ord(c):02x}" for c in row))
        for row in found
    ]


def last(data: bytes, most: int) -> list[str]:
    """The last lines that hold anything."""
    return [row for row in lines(data) if row.strip()][-most:]


def _short(row: str) -> str:
    return row if len(row) <= LONGEST else row[: LONGEST - 3] + "..."
