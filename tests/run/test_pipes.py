"""Pipes against a model: bytes in order, none lost, and waiting exactly where there is nothing to do."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from portwright.run import pipes
from portwright.run.failure import Failed
from portwright.run.waiting import Wait

CAPACITY = 3 * pipes.ATOMIC


class Model(RuleBasedStateMachine):
    """A byte string with a limit, and two ends that may close."""

    def __init__(self) -> None:
        super().__init__()
        self.reader, self.writer = pipes.make(CAPACITY)
        self.held = b""
        self.count = 0
        self.reading = self.writing = True

    def fresh(self, size: int) -> bytes:
        """Bytes that tell where they belong."""
        self.count += size
        return bytes(index % 251 for index in range(self.count - size, self.count))

    @rule(
        size=st.one_of(st.integers(0, 40), st.integers(pipes.ATOMIC - 2, CAPACITY + 9)), waits=st.booleans()
    )
    @precondition(lambda self: self.writing)
    def write(self, size: int, waits: bool) -> None:
        data, self.writer.nonblocking = self.fresh(size), not waits
        room = CAPACITY - len(self.held)
        fits = room >= size if size <= pipes.ATOMIC else room > 0
        if not self.reading:
            with pytest.raises(Failed, match="EPIPE"):
                self.writer.write(data)
            self.count -= size
        elif not fits:
            before = len(self.held)
            with pytest.raises(Wait if waits else Failed) as caught:
                self.writer.write(data)
            if waits:
                assert not caught.value.ready()
            assert len(self.held) == before
            self.count -= size
        else:
            taken = self.writer.write(data)
            assert taken == (size if size <= pipes.ATOMIC else min(size, room))
            self.held += data[:taken]
            self.count -= size - taken

    @rule(size=st.one_of(st.integers(1, 40), st.integers(pipes.ATOMIC, 2 * CAPACITY)), waits=st.booleans())
    @precondition(lambda self: self.reading)
    def read(self, size: int, waits: bool) -> None:
        self.reader.nonblocking = not waits
        if not self.held and self.writing:
            with pytest.raises(Wait if waits else Failed) as caught:
                self.reader.read(size)
            if waits:
                assert not caught.value.ready()
            return
        assert self.reader.read(size) == self.held[:size]
        self.held = self.held[size:]

    @rule()
    @precondition(lambda self: self.reading)
    def close_reader(self) -> None:
        self.reader.close()
        self.reading = False

    @rule()
    @precondition(lambda self: self.writing)
    def close_writer(self) -> None:
        self.writer.close()
        self.writing = False

    @rule()
    @precondition(lambda self: not self.reading and not self.writing)
    def begin_anew(self) -> None:
        self.reader, self.writer = pipes.make(CAPACITY)
        self.held, self.reading, self.writing = b"", True, True

    @invariant()
    def poll_tells_the_truth(self) -> None:
        assert self.reader.can_read() == (bool(self.held) or not self.writing)
        assert self.writer.can_write() == (CAPACITY - len(self.held) >= pipes.ATOMIC or not self.reading)
        assert self.reader.hung_up() == (not self.writing)
        assert self.writer.failed() == (not self.reading)


TestModel = Model.TestCase


def test_who_waits_is_ready_when_the_other_end_closes() -> None:
    reader, writer = pipes.make(CAPACITY)
    with pytest.raises(Wait) as caught:
        reader.read(1)
    ready = caught.value.ready
    assert ready is not None and not ready()
    writer.close()
    assert ready() and reader.read(1) == b""
    reader, writer = pipes.make(CAPACITY)
    assert writer.write(bytes(CAPACITY)) == CAPACITY
    with pytest.raises(Wait) as caught:
        writer.write(b"x")
    ready = caught.value.ready
    assert ready is not None and not ready()
    reader.close()
    assert ready()
    with pytest.raises(Failed, match="EPIPE"):
        writer.write(b"x")


def test_a_full_pipe_that_takes_nothing() -> None:
    """What one kernel does: as much as there is room for, and then 0 bytes, at once."""
    reader, writer = pipes.make(CAPACITY, waits=False)
    assert [writer.write(bytes(CAPACITY - 3)), writer.write(b"12345"), writer.write(b"45")] == [
        CAPACITY - 3,
        3,
        0,
    ]
    assert reader.read(CAPACITY)[-3:] == b"123"
