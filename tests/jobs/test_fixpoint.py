"""The verb fixpoint: its exit status, its document, and what it says of wrong words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judge.fixpoint_builds import c_pair
from portwright.base import rooms
from portwright.judge import cause

ONE, TWO = "int f(int x) { return x * 3; }\n", "int f(int x) { return x * 5; }\n"


def test_exit_status_and_document(tmp_path: Path, portwright: Any) -> None:
    one, two = c_pair(tmp_path, [ONE, TWO])
    assert portwright("fixpoint", one, one).returncode == 0
    done = portwright("fixpoint", "--json", one, two)
    document = json.loads(done.stdout)
    assert (done.returncode, document["status"], document["verb"]) == (1, 1, "fixpoint")
    (row,) = [row for row in document["report"]["findings"] if row["cause"] == "code"]
    assert (row["symbol"], row["role"], row["section"]) == ("f", "real", ".text")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "two builds are compared, and 0 are named"),
        (["a"], "two builds are compared, and 1 are named"),
        (["gone", "gone"], "cannot be read"),
    ],
)
def test_wrong_words(words: list[str], says: str, portwright: Any) -> None:
    done = portwright("fixpoint", *words)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr


def test_causes_are_listed_and_have_their_manuals(portwright: Any) -> None:
    done = portwright("fixpoint", "--causes")
    names = {line.split()[0] for line in done.stdout.splitlines()}
    assert done.returncode == 0 and names == set(rooms.names(cause.ROOM))
    assert "SOURCE_DATE_EPOCH" in portwright("fixpoint", "--causes", "timestamp").stdout


@pytest.mark.parametrize("name", rooms.names(cause.ROOM))
def test_every_cause_has_a_whole_manual(name: str) -> None:
    page = cause.page_of(name)
    assert tuple(page.sections) == cause.SECTIONS and all(page.sections.values()) and page.cure
    assert page.role in ("real", "cause", "consequence")
