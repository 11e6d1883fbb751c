"""Threads of std's own in the userland machine: locks, channels, waits, an interleaving again, a deadlock's report."""

from __future__ import annotations

from pathlib import Path

import pytest

import std_oracle as oracles
from portwright.describe.toolchain import Toolchain
from portwright.run import engine as engines
from portwright.run import machine
from portwright.run.engine import Setup
from portwright.run.events import Died, Outcome
from portwright.run.limits import Limits
from portwright.run.options import Options
from std_oracle import Oracle

pytestmark = [pytest.mark.toolchain, pytest.mark.slow]
PROGRAM = Path(__file__).parent / "programs" / "threads.rs"
ALL = """joined [0, 1, 4, 9]
many 4950
counted 800
multiplied 27
leaders 1
received 30 3135
timed out true true
parked 7
spun
parallel true
"""


@pytest.fixture(scope="module")
def oracle(toolchain: Toolchain) -> Oracle:
    """The port whose ledger has threads."""
    return Oracle(oracles.load(), toolchain)


@pytest.fixture(scope="module")
def binary(oracle: Oracle) -> Path:
    """The program, built for the port."""
    return oracle.build(PROGRAM)


@pytest.fixture(params=["native", "unicorn"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine that can serve here; skips the ones that cannot."""
    reason = engines.serves(request.param, Setup("x86-64", "syscall"))
    if reason is not None:
        pytest.skip(f"{request.param} engine: {reason}")
    return str(request.param)


def run(
    oracle: Oracle, binary: Path, engine: str, *arguments: str, seed: int = 1, **given: object
) -> Outcome:
    options = Options(
        arguments=arguments,
        capture=True,
        stdin=b"",
        engine=engine,
        seed=seed,
        clock="virtual",
        limits=Limits(seconds=120),
        **given,
    )
    return machine.run_program(oracle.port, binary, options)


@pytest.mark.parametrize(("seed", "kind"), [(1, True), (2, False), (3, False), (4, False)])
def test_threads_of_std(oracle: Oracle, binary: Path, engine: str, seed: int, kind: bool) -> None:
    """The hour that it waits is the virtual clock's."""
    outcome = run(oracle, binary, engine, seed=seed, kind=kind)
    assert (outcome.status, outcome.stdout.decode()) == (0, ALL), outcome
    assert outcome.reports == () and outcome.seconds < 60


def test_a_seed_is_an_interleaving(oracle: Oracle, binary: Path, engine: str) -> None:
    def order(seed: int) -> bytes:
        outcome = run(oracle, binary, engine, "order", seed=seed)
        assert outcome.status == 0 and sorted(outcome.stdout) == sorted(b"0\n1\n2\n3\n" * 3)
        assert outcome.preemptions == 0
        return outcome.stdout

    assert len({order(7) for _ in range(3)}) == 1
    assert len({order(seed) for seed in range(20)}) >= 8


def test_a_deadlock_says_who_waits_for_what_and_where(toolchain: Toolchain, engine: str) -> None:
    unwinding = Oracle(oracles.load(panic="unwind"), toolchain)  # its tables say who called
    outcome = run(unwinding, unwinding.build(PROGRAM), engine, "deadlock")
    assert isinstance(outcome.end, Died) and outcome.end.report.kind == "deadlock"
    first, second = outcome.end.report.threads
    assert (first.name, second.name) == ("", "second")
    for thread in (first, second):
        assert "the futex at 0x" in thread.waits_for
        assert not any(frame.guess for frame in thread.backtrace)
        symbols = " ".join(frame.symbol or "" for frame in thread.backtrace)
        assert "futex" in symbols and "lock_contended" in symbols and "deadlock" in symbols
