"""Two traces compared: what is chance is no difference, and what is not is found where it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from portwright.judge.call_traces import Difference, Seen, compare, judge
from portwright.run.events import Called

Arguments = dict[str, str]
MAP = {
    "address": "NULL",
    "length": "8192",
    "protection": "PROT_READ",
    "flags": "MAP_PRIVATE",
    "fd": "-1",
    "offset": "0",
}
STAT = "{{st_dev={0}, st_ino={0}1, st_nlink=1, st_mode=0100644, st_size=5, st_mtime={0}2}}"


def called(operation: str, arguments: Arguments, result: int | None = 0, **more: Any) -> Called:
    return Called(
        more.pop("name", operation), 1, tuple(arguments.items()), result, operation=operation, **more
    )


def run(base: int, number: int) -> tuple[Called, ...]:
    """A run of one program, at some addresses, as some process."""
    return (
        called("map_memory", MAP, base),
        called("protect_memory", {"address": hex(base + 4096), "length": "4096", "protection": "PROT_NONE"}),
        called("fill_random", {"buffer": f'"{number}"', "length": "16"}, 16),
        called("clock_read", {"clock": "1", "time": f"{{tv_sec={number}, tv_nsec=0}}"}),
        called("open", {"path": '"x"', "flags": "O_RDONLY", "mode": "00"}, 3),
        called("fd_status", {"fd": "3", "status": STAT.format(number)}),
        called("read", {"fd": "3", "buffer": '"abcde"', "length": "64"}, 5),
        called("open", {"path": '"y"', "flags": "O_RDONLY", "mode": "00"}, -2, error="ENOENT"),
        called("process_id", {}, number),
        called("write", {"fd": "1", "buffer": f'"I am {number}\\n"', "length": str(6 + len(str(number)))}, 6),
        called("unmap_memory", {"address": hex(base), "length": "8192"}),
        called("exit", {"status": "0"}, None),
    )


MACHINE, KERNEL = run(0x4000_0000_0000, 2), run(0x7F12_3456_7000, 31999)


def test_what_differs_from_run_to_run_is_no_difference() -> None:
    assert compare(MACHINE, KERNEL) == ()


CHANGES = {
    "a result": (6, {"result": 4}),
    "an error": (7, {"error": "EACCES", "result": -13}),
    "no error": (7, {"error": None, "result": 4}),
    "a name": (5, {"name": "newfstatat"}),
    "an address": (10, {"arguments": (("address", hex(0x7F12_3456_8000)), ("length", "8192"))}),
    "flags": (4, {"arguments": (("path", '"x"'), ("flags", "O_RDWR"), ("mode", "00"))}),
    "a field": (5, {"arguments": (("fd", "3"), ("status", STAT.format(31999).replace("st_size=5", "st_size=6")))}),
    "bytes": (6, {"arguments": (("fd", "3"), ("buffer", '"abcdX"'), ("length", "64"))}),
    "a descriptor": (6, {"arguments": (("fd", "4"), ("buffer", '"abcde"'), ("length", "64"))}),
    "its own text": (9, {"arguments": (("fd", "1"), ("buffer", '"I was 31999\\n"'), ("length", "12"))}),
}  # fmt: skip


@pytest.mark.parametrize(("place", "change"), CHANGES.values(), ids=CHANGES)
def test_each_difference_is_found_at_its_place(place: int, change: dict[str, Any]) -> None:
    changed = (*KERNEL[:place], replace(KERNEL[place], **change), *KERNEL[place + 1 :])
    (found,) = compare(MACHINE, changed)
    assert (found.thread, found.place) == ("main", place) and found.machine != found.kernel
    assert len(found.before) == min(place, 3)


@pytest.mark.parametrize("side", [0, 1])
def test_calls_that_only_one_side_made_are_found(side: int) -> None:
    sides = [MACHINE, KERNEL]
    sides[side] = sides[side][:-1]
    (found,) = compare(*sides)
    assert (found.machine, found.kernel)[side] is None and found.place == len(MACHINE) - 1


def test_entries_of_a_folder_and_looks_at_a_clock_may_come_in_several_calls() -> None:
    def folder(*sizes: int) -> list[Called]:
        given = {"fd": "3", "buffer": '"..."', "length": "64"}
        return [called("read_directory", given, size) for size in sizes]

    clock = called("clock_read", {"clock": "1", "time": "{}"})
    assert compare([*folder(24, 48, 0), clock], [*folder(48, 24, 0), clock, clock]) == ()
    assert compare(folder(24, 48, 0), folder(24, 24, 0)) != ()


def threads(one: int, other: int, child: int, order: str) -> list[Called]:
    """Two threads and a child process, whose calls come in some order."""
    rows = {
        "a": called("thread_clone", {"flags": "CLONE_VM", "stack": "0x7f0000000000", "thread_pointer": "0x7f0000000000"},
                    one, process=1, thread=1),
        "b": called("thread_clone", {"flags": "CLONE_VM", "stack": "0x7f0000000000", "thread_pointer": "0x7f0000000000"},
                    other, process=1, thread=1),
        "c": called("open", {"path": '"first"', "flags": "O_RDONLY", "mode": "00"}, 3, process=1, thread=one),
        "d": called("open", {"path": '"second"', "flags": "O_RDONLY", "mode": "00"}, 4, process=1, thread=other),
        "e": called("fork", {}, child, process=1, thread=1),
        "f": called("exit", {"status": "3"}, None, process=child, thread=child),
        "g": called("wait", {"process": str(child), "status": "{status=768}", "options": "0"}, child,
                    process=1, thread=1),
        "h": called("futex_wait", {"word": "0x7f0000000000", "value": "1", "timeout": "NULL"}, process=1, thread=1),
    }  # fmt: skip
    return [rows[letter] for letter in order]


def test_threads_and_children_are_compared_each_with_its_own() -> None:
    assert compare(threads(3, 4, 5, "abcdefg"), threads(1002, 1001, 1003, "cabdhefhg")) == ()
    (found,) = compare(
        threads(3, 4, 5, "abcdefg"), threads(1002, 1001, 1003, "abceg d f".replace(" ", ""))[:-1]
    )
    assert found == Difference("main.child 3", 0, "exit(3) = ?", None)


def test_the_verdict_says_what_differs() -> None:
    one, other = Seen(0, b"I am 2\n", b"", MACHINE), Seen(0, b"I am 31999\n", b"", KERNEL)
    assert judge(one, other).outcome == "passed"
    wrong = judge(one, replace(other, status=3, stderr=b"oh\nno\n", calls=KERNEL[:-1]))
    assert (wrong.outcome, wrong.detail) == ("wrong", "exit status 0 in the machine, 3 on the kernel")
    for text in (
        "stderr, line 1:",
        "machine: (no more lines)",
        "kernel:  oh",
        "call 12",
        "kernel:  (no more calls)",
    ):
        assert text in wrong.evidence
    assert judge(one, replace(other, stdout=b"I am not\n")).detail == "stdout differs"
    assert judge(replace(one, calls=()), replace(other, stdout=b"I am 2\n", calls=())).passed
