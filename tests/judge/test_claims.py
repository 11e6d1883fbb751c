"""Claims of programs about files, held against the files."""

from __future__ import annotations

import pytest

from portwright.judge.claims import Look, broken, fnv

FILES: dict[str, bytes] = {"/a": b"abcdef", "/empty": b""}


def look(path: str) -> bytes | str | None:
    """A tree of two files and a folder."""
    return "folder" if path == "/folder" else FILES.get(path)


SEES: Look = look  # type: ignore[assignment]


def claim(path: str, data: bytes) -> str:
    return f"claim file {path} {len(data)} {fnv(data):016x}\n"


def test_the_hash_is_fnv_1a() -> None:
    """Values of the algorithm's own documentation."""
    assert fnv(b"") == 0xCBF29CE484222325
    assert fnv(b"a") == 0xAF63DC4C8601EC8C
    assert fnv(b"foobar") == 0x85944171F73967E8


@pytest.mark.parametrize(
    ("stdout", "found"),
    [
        (claim("/a", b"abcdef"), []),
        (claim("/a", b"abc"), []),
        (claim("/empty", b""), []),
        ("claim folder /folder\nclaim gone /none\n", []),
        (claim("/a", b"abcdefg"), ["7 bytes of /a were claimed, and it has 6"]),
        (claim("/a", b"abX"), ["the first 3 bytes of /a are not those that were claimed"]),
        (claim("/none", b"x"), ["1 bytes of /none were claimed, and it is missing"]),
        (claim("/folder", b"x"), ["1 bytes of /folder were claimed, and it is a folder"]),
        ("claim gone /a\n", ["/a was claimed to be gone, and is there"]),
        ("claim folder /a\n", ["/a was claimed to be a folder, and is a file"]),
        ("claim folder /none\n", ["/none was claimed to be a folder, and is missing"]),
        ("claim gone /a\nwithdraw /a\n", []),
        ("claim gone /a\n" + claim("/a", b"abc"), []),
        ("claim gone /a", []),  # half a line claims nothing
        ("I claim gone /a\nclaim gone /a now\nclaim file /a x y\n", []),
        ("claim gone /a\nclaim gone /empty\n", ["/a was claimed", "/empty was claimed"]),
    ],
)
def test_what_holds_and_what_does_not(stdout: str, found: list[str]) -> None:
    said = broken(stdout.encode(), b"", SEES)
    assert [what.startswith(words) for what, words in zip(said, found, strict=True)] == [True] * len(found)


def test_bytes_of_standard_output() -> None:
    assert broken(b"12345", b"claim stdout 5\n", SEES) == []
    assert broken(b"1234", b"claim stdout 5\n", SEES) == [
        "5 bytes of standard output were claimed, and 4 came"
    ]
