"""Guests for the engines' tests: a few pages, some machine code, and a run to its stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from portwright.run import engine as engines
from portwright.run.engine import Access, Engine, Setup, Stop

CODE, DATA, CONSTANT, STACK = 0x40_0000, 0x50_0000, 0x60_0000, 0x7000_0000_0000
PAGE, STACK_SIZE = 0x1000, 0x1_0000
ENGINES = ("native", "unicorn")
SETUP = Setup("x86-64", "syscall")


class Guest:
    """An engine with a page of code, one of data, one that can only be read, and a stack."""

    def __init__(self, name: str, setup: Setup = SETUP) -> None:
        self.engine: Engine = engines.create(setup, name)
        self.engine.map(CODE, PAGE, Access.READ | Access.EXECUTE)
        self.engine.map(DATA, PAGE, Access.READ | Access.WRITE)
        self.engine.map(CONSTANT, PAGE, Access.READ)
        self.engine.map(STACK, STACK_SIZE, Access.READ | Access.WRITE)

    def run(self, code: str, on_trap: Callable[[], bool] = lambda: False, **registers: int) -> Stop:
        """Put hexadecimal code in place and run it to its stop; `pc` and `sp` are set unless given."""
        self.engine.write(CODE, bytes.fromhex(code))
        self.engine.set({"pc": CODE, "sp": STACK + STACK_SIZE - 8, **registers})
        return self.engine.run(on_trap)

    def get(self, *names: str) -> list[int]:
        """Registers' values."""
        return self.engine.get(names)


@pytest.fixture(params=ENGINES)
def name(request: pytest.FixtureRequest) -> str:
    """Each engine that serves x86-64 here; skips the ones that cannot."""
    reason = engines.serves(request.param, SETUP)
    if reason is not None:
        pytest.skip(f"{request.param} engine: {reason}")
    return str(request.param)


@pytest.fixture
def guest(name: str) -> Iterator[Guest]:
    """A guest of each engine."""
    made = Guest(name)
    yield made
    made.engine.close()


@pytest.fixture
def make_guest() -> Iterator[Callable[[str], Guest]]:
    """Makes guests by the name of the engine and closes them; skips where the engine cannot serve."""
    made: list[Guest] = []

    def make(name: str, setup: Setup = SETUP) -> Guest:
        reason = engines.serves(name, setup)
        if reason is not None:
            pytest.skip(f"{name} engine: {reason}")
        made.append(Guest(name, setup))
        return made[-1]

    yield make
    for guest in made:
        guest.engine.close()
