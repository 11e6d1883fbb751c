"""The reader of event logs: every event there and back, whole lines of cut-off logs, and only clean errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from portwright.base.errors import BadInput
from portwright.build import event_log as log

number = some.integers(0, 2**63 - 1)
status = some.integers(-64, 255)
word = some.binary(max_size=12).map(lambda data: data.replace(b"\0", b"").decode("utf-8", "surrogateescape"))
words = some.lists(word, max_size=4).map(tuple)
digest = some.binary(min_size=32, max_size=32).map(bytes.hex)
event = some.one_of(
    some.builds(log.Fork, number, number, number),
    some.builds(log.Exec, number, number, word, word, some.tuples(word, word, word), words, words),
    some.builds(log.Open, number, number, some.sampled_from("rwad"), word),
    some.builds(log.Miss, number, number, word),
    some.builds(log.Moved, number, number, some.sampled_from(["rename", "link"]), word, word),
    some.builds(log.Symlinked, number, number, word, word),
    some.builds(log.Changed, number, number, some.sampled_from(["unlink", "mkdir", "rmdir", "chmod"]), word),
    some.builds(log.Hashed, number, number, word, digest, number, some.integers(0, 0o7777)),
    some.builds(log.Net, number, number, some.sampled_from(["inet", "inet6"]), word),
    some.builds(log.Exit, number, number, status, number, number, number),
    some.builds(log.Lost, number, number, word),
    some.builds(log.Wrap, number, number, number, word, words, words),
    some.builds(log.Answer, number, number, status, word),
)
logs = some.lists(event, max_size=6)
HEAD = b"log\t1\t1700000000000000000\n"


def text(found: list[log.Event]) -> bytes:
    return HEAD + "".join(map(log.line, found)).encode("ascii")


@settings(max_examples=60, deadline=None)
@given(logs)
def test_every_event_there_and_back(found: list[log.Event]) -> None:
    read = log.parse(text(found), "log")
    assert list(read.events) == found
    assert [type(one) for one in read.events] == [type(one) for one in found]
    assert read.start == 1700000000000000000 and not read.ended


@settings(max_examples=60, deadline=None)
@given(logs, some.integers(0, 400))
def test_a_cut_off_log_is_read_up_to_its_last_whole_line(found: list[log.Event], cut: int) -> None:
    whole = text([*found, log.End(9, 0)])
    assert log.parse(whole, "log").ended
    kept = whole[: max(len(whole) - 1 - cut, len(HEAD))]
    read = log.parse(kept, "log")
    assert len(read.events) == kept.count(b"\n") - 1 and not read.ended
    assert read.events == (*found, log.End(9, 0))[: len(read.events)]


@settings(max_examples=100, deadline=None)
@given(logs, some.integers(0, 10**6), some.binary(min_size=1, max_size=3))
def test_damage_gives_events_or_a_clean_error(found: list[log.Event], at: int, dirt: bytes) -> None:
    data = bytearray(text(found))
    at %= len(data)
    data[at : at + len(dirt)] = dirt
    try:
        log.parse(bytes(data), "log")
    except BadInput as error:
        assert error.faults[0].where is not None and error.faults[0].hint


@pytest.mark.parametrize(
    "line, what",
    [
        (b"opened\t1\t2\tr\t/a\n", "no event is called `opened`"),
        (b"open\t1\t2\tx\t/a\n", "no whole `open`"),
        (b"open\t1\t2\tr\n", "no whole `open`"),
        (b"exec\t1\t2\t/a\t/\t\t\t\t2\ta\t0\n", "no whole `exec`"),
        (b"exec\t1\t2\t/a\t/\t\t\t\t-1\t0\n", "no whole `exec`"),
        (b"hash\t1\t2\t/a\tabc\t0\t644\n", "no whole `hash`"),
        (b"exit\t1\t2\t0\t0\t0\n", "no whole `exit`"),
    ],
)
def test_what_is_no_event_is_named_with_its_line(line: bytes, what: str) -> None:
    with pytest.raises(BadInput, match=what) as caught:
        log.parse(HEAD + b"fork\t1\t2\t3\n" + line, "some.log")
    assert "some.log:3" in str(caught.value)


def test_another_file_and_another_version_are_refused() -> None:
    for data in (b"", b"log\t1\t17", b"GET / HTTP/1.1\n", b"log\t1\tnow\n"):
        with pytest.raises(BadInput, match="no event log"):
            log.parse(data, "some.log")
    with pytest.raises(BadInput, match="version 2"):
        log.parse(b"log\t2\t17\n", "some.log")


def test_the_wrappers_files_are_one_list_by_time(tmp_path: Path) -> None:
    for name, t in (("wrap-9-1", 20), ("wrap-8-1", 10)):
        (tmp_path / name).write_text(log.line(log.Answer(t, 1, 0, "rustc 1\n")))
    (tmp_path / "wrap-7-1").write_text("answer\t5\t1\t0\tcut")
    assert [found.t for found in log.parse_wrapped(tmp_path)] == [10, 20]
