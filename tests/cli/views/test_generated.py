"""The views of `ledger header`, `ledger page`, `patches` and `crates`: what a person reads, line by line."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from portwright.build.forecast import Compiled, Group
from portwright.cli.views import crates, ledger_header, ledger_page, patches
from portwright.derive.forecast import Fate
from portwright.jobs.crates import Crate
from portwright.jobs.crates import Result as CratesResult
from portwright.jobs.ledger_header import Result as HeaderResult
from portwright.jobs.ledger_page import Result as PageResult
from portwright.jobs.patches import Result as PatchesResult
from portwright.judge.conformance import Counts


def console() -> Console:
    """A console that keeps what it prints."""
    return Console(file=io.StringIO(), width=200, color_system=None)


def printed(shown: Console) -> list[str]:
    """What was printed, by lines."""
    assert isinstance(shown.file, io.StringIO)
    return shown.file.getvalue().splitlines()


@pytest.mark.parametrize(
    ("view", "result"), [(ledger_header.view, HeaderResult), (ledger_page.view, PageResult)]
)
def test_a_text_is_shown_or_its_file_named(view: object, result: type) -> None:
    """views/ledger_header, views/ledger_page: markup in the text stays text."""
    for made, lines in (
        (result("[bold]a[/bold]\nb\n", None, False), ["[bold]a[/bold]", "b"]),
        (result("a", Path("x.h"), True), ["wrote x.h"]),
        (result("a", Path("x.h"), False), ["nothing changed: x.h"]),
    ):
        shown = console()
        view(made, shown)  # type: ignore[operator]
        assert printed(shown) == lines


def test_patches_name_what_needs_work() -> None:
    """views/patches: an edit that applies is only counted."""
    fates = (
        Fate("std/a.rs", "an arm", "applies", "std/a.rs", "", "why"),
        Fate("std/b.rs", "a term", "moved", "std/c.rs", "the module is now std/c.rs", "why"),
    )
    group = Group("E0432", "unresolved import `_`", 3, ("std/x.rs:1", "std/y.rs:2"), "unresolved import `a`")
    compiled = Compiled("errors", "by rustc 1.85.0", 3, (group,))
    counts = {"applies": 1, "moved": 1, "changed": 0, "gone": 0}
    shown = console()
    patches.view(PatchesResult("t", Path("/tree"), "1.85.0", fates, counts, 0, compiled), shown)  # type: ignore[arg-type]
    assert printed(shown) == [
        "moved   std/b.rs: a term",
        "        std/c.rs: the module is now std/c.rs",
        "2 edits against Rust 1.85.0 in /tree: 1 apply, 1 moved",
        "std does not compile: 3 errors: by rustc 1.85.0",
        "    3 x E0432 unresolved import `_`",
        "        unresolved import `a`",
        "        std/x.rs:1, std/y.rs:2",
    ]


def test_crates_say_what_each_lacks() -> None:
    """views/crates: the tests that did not pass by their first line, and how many crates are whole."""
    whole = Crate("a", "1.0.0", True, Counts(passed=3, ignored=1), ())
    unbuilt = Crate("bee", "2.0.0", True, None, ("stacker 0.1.25 lacks libc::mmap",))
    failing = Crate("c", "3", True, Counts(passed=1, failed=1), (), (("c: x", "it broke\nbadly"),))
    shown = console()
    crates.view(CratesResult("p", "native", 7, (whole, unbuilt, failing), 1.0), shown)
    assert printed(shown) == [
        "a 1.0.0    3 of 3 tests pass, 1 ignored",
        "bee 2.0.0  builds, its tests do not",
        "    lacks: stacker 0.1.25 lacks libc::mmap",
        "c 3        1 of 2 tests pass",
        "    c: x: it broke",
        "1 of 3 crates build and pass their own tests on p (native)",
        "seed 7, 1 s",
    ]
