"""The causes of a replay's differences, from files alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portwright.judge import replay_cause

ROOM = re.compile(rb"rooms/\d+/at(/[\x20-\x7e]*)")


@pytest.mark.parametrize(
    ("then", "now", "again", "name"),
    [
        (b"built 10:00:01", b"built 10:00:02", None, "time"),
        (b"built Nov 27 2026", b"built Nov 28 2026", None, "time"),
        (b"1795832011\n", b"1795832012\n", None, "time"),
        (b"9995832011\n", b"1795832012\n", None, "unknown"),
        (b"count: 4", b"count: 5", None, "unknown"),
        (b"a\nb\nc\n", b"c\na\nb\n", None, "order"),
        (b"a b", b"b a", b"a b", "order"),
        (b"x" * 9, b"/c/rooms/7/at/src/a.c", None, "path"),
        (b"\x00\x01\x02\x03", b"\x00\x09\x02\x03", b"\x00\x08\x02\x03", "randomness"),
        (None, b"\x00\x09\x02\x03", b"\x00\x08\x02\x03", "randomness"),
        (None, b"10:00:02.5", b"10:00:04.5", "time"),
        (None, b"same", b"same", "unknown"),
        (b"", b"now", b"now", "unknown"),
    ],
)
def test_a_cause(tmp_path: Path, then: bytes | None, now: bytes, again: bytes | None, name: str) -> None:
    paths: list[Path | None] = []
    for number, data in enumerate((now, then, again)):
        path = tmp_path / str(number)
        if data is not None:
            path.write_bytes(data)
        paths.append(path if data is not None else None)
    assert paths[0] is not None
    found = replay_cause.explain(paths[0], paths[1], paths[2], ROOM, lambda: None)
    assert found.name == name and found.what and found.cure
    if name == "unknown":
        told = replay_cause.explain(paths[0], paths[1], paths[2], ROOM, lambda: "$SRC/x")
        assert told.name == "undeclared-input" and "$SRC/x" in told.what


def test_files_that_last_words_name() -> None:
    words = "cc: error: /r/a.h: No such file\n`b.c', line 3: (c.d) cannot be read. /r/a.h again"
    known = {"/r/a.h": "$SRC/a.h", "c.d": "$SRC/c.d"}
    assert list(replay_cause.undeclared(words, known.get)) == ["$SRC/a.h", "$SRC/c.d"]
