"""`expected.toml`: every fault at its place, and the bundled ports' own files."""

from __future__ import annotations

from pathlib import Path

import pytest

from port_copies import copied
from portwright.base.errors import BadInput
from portwright.describe import expected
from portwright.describe import port as ports

NAME = "x86_64-unknown-veridian"


def load(tmp_path: Path, text: str) -> tuple[expected.Expectation, ...]:
    folder = copied(NAME, tmp_path / "port", "expected.toml")
    (folder / expected.FILE).write_text(text)
    return expected.load(ports.load(str(folder)))


def test_an_entry_says_where_it_stands(tmp_path: Path) -> None:
    text = (
        '\n[[expected]]\nsuite = "std-*"\ntest = "fs::*"\nreason = "it has no file system"\non = ["native"]\n'
    )
    (row,) = load(tmp_path, text)
    assert row.where.endswith("expected.toml:4:1")
    assert row.entry.covers("std-unit", "fs::tests::a") and not row.entry.covers("core", "fs::tests::a")
    assert row.entry.applies("native", "abort") and not row.entry.applies("unicorn", "abort")


def test_a_reason_is_asked_for_and_faults_come_together(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        load(
            tmp_path,
            '[[expected]]\nsuite = "core"\ntest = "a"\n[[expected]]\nsuite = 3\ntest = "b"\nreason = "no"\n',
        )
    said = "\n".join(map(str, caught.value.faults))
    assert "`expected[0].reason` is missing" in said
    assert "expected[1].suite" in said and "expected[1].reason" in said


@pytest.mark.parametrize(("key", "applies"), [("", "abort unwind"), ("unwind", "unwind"), ("abort", "abort")])
def test_an_entry_may_speak_of_one_kind_of_panic(tmp_path: Path, key: str, applies: str) -> None:
    line = f'panic = "{key}"\n' if key else ""
    (row,) = load(
        tmp_path, f'[[expected]]\nsuite = "core"\ntest = "a"\nreason = "it catches a panic"\n{line}'
    )
    assert [kind for kind in ports.PANICS if row.entry.applies("native", kind)] == applies.split()


def test_a_word_that_no_key_knows_is_found_at_its_line_with_all_others(tmp_path: Path) -> None:
    head = '[[expected]]\nsuite = "core"\ntest = "a"\nreason = "it catches a panic"\n'
    with pytest.raises(BadInput) as caught:
        load(
            tmp_path,
            f'{head}panic = "unwinds"\n{head}result = ["hangs"]\n{head}panics = "abort"\npanic = 3\n',
        )
    places = [str(fault.where).rpartition("expected.toml:")[2] for fault in caught.value.faults]
    assert [place.partition(":")[0] for place in places] == ["5", "10", "15", "16"]
    said = "\n".join(map(str, caught.value.faults))
    assert "expected[0].panic" in said and "'abort' or 'unwind'" in said and "panics" in said


@pytest.mark.parametrize("name", ports.bundled())
def test_the_bundled_ports_files_can_be_read(name: str) -> None:
    for row in expected.load(ports.load(name)):
        assert row.entry.suite and row.entry.test


def test_what_is_known_to_hang_does_nothing_else(tmp_path: Path) -> None:
    entry = '[[expected]]\nsuite = "std-*"\ntest = "{}"\nreason = "it waits for ever"\n{}'
    rows = [("a", 'result = ["hung"]\n'), ("b", ""), ("c", 'result = ["hung", "failed"]\n')]
    rows.append(("d", 'result = ["hung"]\non = ["unicorn"]\n'))
    found = load(tmp_path, "".join(entry.format(*row) for row in rows))
    known = expected.hanging(found, "native", "abort")
    assert [test for test in "abcde" if expected.hangs(known, "std-time", test)] == ["a"]
    assert expected.hangs(expected.hanging(found, "unicorn", "abort"), "std-time", "d")
    assert not expected.hangs(known, "core", "a")
