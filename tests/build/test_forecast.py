"""build/forecast: finding the other tree, and the compiler's errors by cause."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from portwright.base.errors import BadInput
from portwright.build import forecast


def message(code: str | None, text: str, file: str, line: int) -> dict[str, Any]:
    """An error as rustc prints it."""
    span = {"file_name": file, "line_start": line, "is_primary": True}
    return {
        "message": text,
        "code": {"code": code} if code else None,
        "spans": [{**span, "is_primary": False}, span],
    }


def test_errors_that_differ_in_names_are_one_cause(tmp_path: Path) -> None:
    """The most frequent first; places below the view; an error without a code is one too."""
    rows = [
        message("E0432", "unresolved import `a::b`", f"{tmp_path}/std/src/x.rs", 7),
        message(None, "expected one of `a`, `b`", "/elsewhere/y.rs", 1),
        message("E0432", "unresolved import `c`\nmore", f"{tmp_path}/std/src/z.rs", 9),
    ]
    first, second = forecast.group(rows, tmp_path)
    assert (first.code, first.cause, first.count) == ("E0432", "unresolved import `_`", 2)
    assert (
        first.places == ("std/src/x.rs:7", "std/src/z.rs:9") and first.example == "unresolved import `a::b`"
    )
    assert (second.code, second.count, second.places) == ("", 1, ("/elsewhere/y.rs:1",))


def test_a_tree_by_its_root_or_its_library(tmp_path: Path) -> None:
    """Both name the same; what has no std in it is no tree, and a version that is nowhere says how to get it."""
    (tmp_path / "library" / "std").mkdir(parents=True)
    (tmp_path / "library" / "std" / "Cargo.toml").write_text("")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "version").write_text("1.2.3\n")
    for named in (tmp_path, tmp_path / "library"):
        found = forecast.find(str(named))
        assert (found.library, found.version, found.toolchain) == (tmp_path / "library", "1.2.3", None)
    with pytest.raises(BadInput, match="no Rust source tree"):
        forecast.find(str(tmp_path / "src"))
    with pytest.raises(BadInput, match="no sources of Rust"):
        forecast.find("1.2")


def test_the_tree_is_read_as_it_is(tmp_path: Path) -> None:
    """Vendored crates and what cargo built are not looked at."""
    for path in ("std/src/a.rs", "vendor/x/a.rs", "target/b.rs"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("text")
    found = forecast.tree(tmp_path)
    assert found.files == {"std/src/a.rs"} and found.read("std/src/a.rs") == "text"
    assert found.read("std/src/none.rs") is None and found.read("std/src/a.rs/below") is None
