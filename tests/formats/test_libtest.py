"""The format libtest: its JSON lines, whole and torn, among what tests themselves print."""

from __future__ import annotations

import itertools
import json

from hypothesis import given
from hypothesis import strategies as st

from portwright.formats import libtest
from portwright.formats.libtest import Finished, Listed, Over, Started

STARTED = b'{ "type": "test", "event": "started", "name": "a::b" }\n'
LINES = (
    b'{ "type": "suite", "event": "started", "test_count": 3 }\n'
    + STARTED
    + b'{ "type": "test", "name": "a::b", "event": "ok", "exec_time": 0.001 }\n'
    b'{ "type": "test", "event": "started", "name": "c" }\n'
    b'{ "type": "test", "name": "c", "event": "failed", "stdout": "panicked at \\"x\\"\\nhere\\n" }\n'
    b'{ "type": "test", "event": "started", "name": "d" }\n'
    b'{ "type": "test", "name": "d", "event": "ignored", "message": "too slow" }\n'
    b'{ "type": "suite", "event": "failed", "passed": 1, "failed": 1, "ignored": 1, "measured": 0 }\n'
)
EVENTS = [
    Started("a::b"),
    Finished("a::b", "ok"),
    Started("c"),
    Finished("c", "failed", 'panicked at "x"\nhere\n'),
    Started("d"),
    Finished("d", "ignored", "too slow"),
    Over(1, 1, 1),
]


@given(st.lists(st.integers(0, len(LINES)), max_size=12))
def test_the_events_do_not_depend_on_how_the_bytes_come(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(LINES)]
    stream = libtest.Stream()
    seen = [event for begin, end in itertools.pairwise(places) for event in stream.feed(LINES[begin:end])]
    assert seen == EVENTS


def test_what_a_test_prints_is_not_an_event_and_hides_none() -> None:
    stream = libtest.Stream()
    seen = list(stream.feed(b'hello { "type": 7 }\nno line end' + STARTED + b'{ "type": "test", torn\n'))
    assert seen == [Started("a::b")]
    assert bytes(stream.rest) == b'hello { "type": 7 }\n{ "type": "test", torn\n'


def test_the_list_says_what_is_ignored_and_why() -> None:
    line = (
        b'{ "type": "test", "event": "discovered", "name": "a", "ignore": true, "ignore_message": "needs a disk", '
        b'"source_path": "x.rs", "start_line": 1, "start_col": 2, "end_line": 1, "end_col": 3 }\n'
    )
    assert list(libtest.Stream().feed(line)) == [Listed("a", True, "needs a disk")]


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    list(libtest.Stream().feed(text.encode("utf-8", "surrogatepass") + b"\n"))
    libtest.parse('{ "type": "test", ' + text)
    libtest.parse('{ "type": "test", "name": ' + json.dumps(text) + "}")
