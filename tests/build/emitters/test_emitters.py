"""The forms in which a plan is written: json, text and dot; each for the same plan."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from portwright.base import rooms
from portwright.build.emitters import dot, text
from portwright.build.emitters import json as as_json
from portwright.derive.plan import Input, Plan, Step, from_json

PLAN = Plan(
    "t",
    (
        Step("a", ("cc", "a b", "-o", "{out}/x"), "first", env={"V": "1"}, inputs=(Input("s", "/s", "0" * 64),),
             outputs=("x",), place="a"),
        Step("b", ("portwright", "view", "--x", "y"), "second", needs=("a",), kind="portwright", fingerprint="f" * 64),
        Step("all", (), 'a "name"', needs=("a", "b")),
    ),
    {"n.txt": "text\n"},
    "t-1",
)  # fmt: skip


def test_json_is_the_whole_plan() -> None:
    assert from_json(as_json.emit(PLAN)) == PLAN
    assert json.loads(as_json.emit(PLAN))["target"] == "t"


def test_text_names_every_step_command_and_input() -> None:
    said = text.emit(PLAN)
    words = ["a: first", "run      cc 'a b' -o '{out}/x'", "env      V=1", "input    s: /s 000000000000"]
    words += ["code     ffffffffffff", "needs    a, b", "text n.txt: 5 bytes", "x in a/, updated in place"]
    for word in words:
        assert word in said, word


def test_dot_has_a_node_for_each_step_and_an_arrow_for_each_need() -> None:
    said = dot.emit(PLAN)
    assert re.findall(r'^    "(\w+)" \[', said, re.M) == ["a", "b", "all"]
    assert re.findall(r'"(\w+)" -> "(\w+)"', said) == [("a", "b"), ("a", "all"), ("b", "all")]
    assert r"a \"name\"" in said


ROOM = "portwright.build.emitters"
TEXTS = [name for name, entry in rooms.load_all(ROOM).items() if hasattr(entry, "emit")]


@pytest.mark.parametrize("name", TEXTS)
def test_every_emitter_says_the_same_twice(name: str) -> None:
    emitter = rooms.load(ROOM, name)
    assert emitter.emit(PLAN) == emitter.emit(from_json(PLAN.to_json()))


def test_every_emitter_has_a_form() -> None:
    """A text, a folder, or both; what can be built is written as a folder."""
    for entry in rooms.load_all(ROOM).values():
        assert hasattr(entry, "emit") or hasattr(entry, "write")
        assert hasattr(entry, "write") or not hasattr(entry, "build")


def test_a_form_of_several_files_is_no_text(portwright: Callable[..., Any]) -> None:
    done = portwright("plan", "x86_64-portwright-linux", "spec", "--format", "ninja")
    assert done.returncode == 2 and "several files" in done.stderr and "portwright emit" in done.stderr
