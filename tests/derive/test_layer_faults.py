"""std's layer when calls fail that hardly ever do: the end of a program, and its very beginning."""

from __future__ import annotations

import pytest

import std_oracle as oracles
from portwright.build import goals
from portwright.describe import port as ports
from portwright.describe.toolchain import Toolchain
from portwright.run.events import Died, Outcome
from portwright.run.fault_rule import parse
from portwright.run.machine import run_program
from portwright.run.options import Options

pytestmark = [pytest.mark.toolchain, pytest.mark.slow]
PORT = ports.load("x86_64-unknown-veridian")


def hello(*faults: str) -> Outcome:
    """Run the port's hello with faults, each of which strikes."""
    built = oracles.result_of(goals.build(PORT, "hello"))
    rules = [rule for fault in faults for rule in (parse(fault, PORT.ledger)[0],) if rule]
    assert len(rules) == len(faults)
    options = Options(capture=True, kind=True, seed=1, stdin=b"", faults=tuple(rules))
    ended = run_program(PORT, built.programs["hello"][0], options)
    assert all(fault.struck for fault in ended.faults)
    return ended


def test_an_interrupted_exit_is_made_again(toolchain: Toolchain) -> None:
    assert (hello("exit=EINTR,nth=1..3").status, hello().status) == (0, 0)


def test_a_system_that_cannot_end_a_process_is_told_of(toolchain: Toolchain) -> None:
    ended = hello("exit=ENOSYS")
    assert isinstance(ended.end, Died) and ended.end.report.kind == "illegal-instruction"
    assert ended.stderr == b"fatal runtime error: the system does not end the process, aborting\n"
    assert ended.stdout == b"Hello from VeridianOS rustc!\n"


def test_last_words_are_said_to_their_end(toolchain: Toolchain) -> None:
    """A system may take one byte at a time, and be interrupted in between."""
    ended = hello("exit=ENOSYS", "write=EINTR,every=3,fd=2", "write=short,fd=2")
    assert ended.stderr == b"fatal runtime error: the system does not end the process, aborting\n"


@pytest.mark.parametrize("fault", ["map_memory=ENOMEM,once", "set_thread_pointer=EPERM"])
def test_no_thread_locals_no_program(toolchain: Toolchain, fault: str) -> None:
    ended = hello(fault)
    assert (ended.status, ended.stdout) == (134, b"")
    assert ended.stderr == b"fatal runtime error: no memory for thread-locals, aborting\n"


def test_no_heap_is_told_of(toolchain: Toolchain) -> None:
    ended = hello("map_memory=ENOMEM,nth=2..")
    assert (ended.status, ended.stdout) == (134, b"")
    assert ended.stderr == b"memory allocation of 1024 bytes failed\n"
