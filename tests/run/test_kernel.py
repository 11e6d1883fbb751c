"""The scheduler with toy threads: whatever they do together, nobody's turn, wake-up or time is lost.

A toy thread's one register is the place in its script; a call does what stands there. Semaphores (`post`, `take`) are
made of `Wait` and `Kernel.wake` as futexes are, and of `ready` as pipes are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portwright.run.clocks import Clocks
from portwright.run.engine import Context, Stop
from portwright.run.events import Died, Exited
from portwright.run.hostility import Hostility
from portwright.run.kernel import Kernel
from portwright.run.limits import Limits
from portwright.run.thread import Thread
from portwright.run.waiting import Wait

Step = tuple[Any, ...]


class ToyEngine:
    """Runs no instructions: every step is a call."""

    def __init__(self) -> None:
        self.registers = {"script": 0, "step": 0}

    def set(self, values: dict[str, int]) -> None:
        self.registers.update(values)

    def context(self) -> Context:
        return Context(dict(self.registers))

    def restore(self, context: Context) -> None:
        self.registers = dict(context.content)

    def run(self, on_trap: Any) -> Stop:
        while on_trap():
            pass
        return Stop("trap-ended")

    def count_turn(self, on: bool) -> bool:
        return False

    def interrupt(self) -> None:
        pass

    def cpu_seconds(self) -> float:
        return 0.0

    def close(self) -> None:
        pass


@dataclass
class Toy:
    """A process of toy threads, and its own dispatcher: `log` is what was done, by script and step."""

    scripts: list[Sequence[Step]]
    kernel: Kernel
    id: int = 2
    engine: ToyEngine = field(default_factory=ToyEngine)
    log: list[tuple[int, int]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    asleep: dict[str, list[Thread]] = field(default_factory=dict)
    due: dict[int, int] = field(default_factory=dict)
    threads: dict[int, Thread] = field(default_factory=dict)
    unjoined: dict[int, int] = field(default_factory=dict)
    halt: bool = False
    end: Any = None
    reporter: Any = None
    parent: Any = None
    thread: Any = None

    def __post_init__(self) -> None:
        self.dispatcher = self
        self.clocks = self.kernel.clocks
        self.space = SimpleNamespace(clear=lambda: None)
        self.kernel.add(self)  # type: ignore[arg-type]

    def finish(self, end: Any) -> None:
        if self.end is None:
            self.end = end
            self.kernel.ended(self)  # type: ignore[arg-type]
        self.halt = True

    def close(self) -> None:
        pass

    def trap(self) -> bool:
        """Do what stands at the thread's place."""
        script, place = self.engine.registers["script"], self.engine.registers["step"]
        steps = self.scripts[script]
        try:
            self._do(steps[place] if place < len(steps) else ("exit",), (script, place))
        except Wait as wait:
            self.kernel.sleep(self.thread, wait)
            return False
        self.log.append((script, place))
        if not self.thread.over:
            self.engine.registers["step"] += 1
        return not self.halt

    def _do(self, step: Step, name: tuple[int, int]) -> None:
        thread, what = self.thread, step[0]
        if what == "exit":
            self.kernel.end_thread(thread, 0)
        elif what == "start":
            self.kernel.start_thread(self, {"script": step[1], "step": 0})  # type: ignore[arg-type]
        elif what == "yield":
            self.kernel.give_way(thread)
        elif what == "sleep":
            if not thread.waited:
                raise Wait("sleep", deadline=thread.deadline(step[1]))
            assert thread.expired and self.clocks.now() >= thread.wait.deadline
        elif what == "post":
            self.counts[step[1]] += 1
            waiting = self.asleep.get(step[1], [])
            if waiting:
                self.kernel.wake(waiting.pop(0))
        elif what == "take":
            if not self.counts[step[1]]:
                self.asleep.setdefault(step[1], []).append(thread)
                raise Wait(f"semaphore {step[1]}")
            self.counts[step[1]] -= 1
        elif what == "poll":
            if not self.counts[step[1]]:
                raise Wait(f"semaphore {step[1]}", ready=lambda: bool(self.counts[step[1]]))
            self.counts[step[1]] -= 1


def machine(scripts: Sequence[Sequence[Step]], seed: int = 1, kind: bool = False) -> Toy:
    """Thread 0 starts all others and is done."""
    hostility = Hostility(seed, kind=kind)
    clocks = Clocks(SimpleNamespace(clocks={}), "virtual", 0)  # type: ignore[arg-type]
    first = [("start", number) for number in range(1, len(scripts) + 1)]
    return Toy([first, *scripts], Kernel(Limits(seconds=20), clocks, hostility))


KEYS = st.sampled_from(["a", "b"])
PLAIN = st.one_of(
    st.just(("work",)),
    st.just(("yield",)),
    st.tuples(st.just("sleep"), st.integers(0, 10**12)),
    st.tuples(st.just("post"), KEYS),
)
ANY = st.one_of(PLAIN, st.tuples(st.sampled_from(["take", "poll"]), KEYS))
SCRIPTS = st.lists(st.lists(ANY, max_size=8), min_size=1, max_size=5)
SEEDS = st.integers(0, 10**6)


def done(toy: Toy) -> bool:
    """Whether every thread did all of its script and ended."""
    wanted = sorted((n, place) for n, steps in enumerate(toy.scripts) for place in range(len(steps) + 1))
    return sorted(toy.log) == wanted


@settings(deadline=None, max_examples=200)
@given(SCRIPTS, SEEDS, st.booleans())
def test_every_thread_does_its_script_once_or_the_machine_says_who_waits(
    scripts, seed: int, kind: bool
) -> None:
    toy = machine(scripts, seed, kind)
    end = toy.kernel.run()
    per_thread: dict[int, list[int]] = {}
    for script, place in toy.log:
        per_thread.setdefault(script, []).append(place)
    assert all(places == list(range(len(places))) for places in per_thread.values()), "in its own order, once"
    if isinstance(end, Exited):
        assert done(toy)
        return
    assert isinstance(end, Died) and end.report.kind == "deadlock"
    stuck = [
        steps[len(per_thread.get(n, []))]
        for n, steps in enumerate(toy.scripts)
        if len(per_thread.get(n, [])) <= len(steps) - 1
    ]
    assert stuck and all(step[0] in ("take", "poll") and not toy.counts[step[1]] for step in stuck)


@settings(deadline=None, max_examples=100)
@given(SCRIPTS, SEEDS)
def test_enough_posts_end_every_run(scripts, seed: int) -> None:
    """No wake-up is lost: a thread that posts as often as all others take lets them all end."""
    takes = [("post", step[1]) for steps in scripts for step in steps if step[0] in ("take", "poll")]
    toy = machine([*scripts, takes], seed)
    assert toy.kernel.run() == Exited(0)
    assert done(toy)


@settings(deadline=None, max_examples=50)
@given(SCRIPTS, SEEDS)
def test_a_seed_is_a_run(scripts, seed: int) -> None:
    one, two = machine(scripts, seed), machine(scripts, seed)
    ends = [toy.kernel.run() for toy in (one, two)]
    assert one.log == two.log and type(ends[0]) is type(ends[1])
    assert one.clocks.now() == two.clocks.now() and one.kernel.switches == two.kernel.switches


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(PLAIN, max_size=8), min_size=1, max_size=5), SEEDS)
def test_time_goes_as_far_as_the_longest_sleeper_and_not_much_further(scripts, seed: int) -> None:
    toy = machine(scripts, seed)
    assert toy.kernel.run() == Exited(0)
    slept = [sum(step[1] for step in steps if step[0] == "sleep") for steps in scripts]
    yields = sum(step[0] == "yield" for steps in scripts for step in steps)
    assert max(slept) <= toy.clocks.now() <= max(slept) + yields * (1 << 24)


def test_kind_threads_run_until_they_wait_and_in_the_order_in_which_they_came() -> None:
    toy = machine([[("work",)] * 3, [("yield",), ("work",)], [("sleep", 5), ("work",)]], kind=True)
    toy.kernel.run()
    order = [script for script, place in toy.log if script and place < 2]
    assert order == [1, 1, 2, 2, 3, 3]


def test_a_hostile_machine_knows_many_orders() -> None:
    def order(seed: int) -> tuple[tuple[int, int], ...]:
        toy = machine([[("work",)] * 4 for _ in range(3)], seed)
        toy.kernel.run()
        return tuple(toy.log)

    assert len({order(seed) for seed in range(40)}) > 25


@pytest.mark.parametrize("kind", [True, False])
def test_who_gives_way_gets_its_turn_after_another(kind: bool) -> None:
    """Two that do nothing but give way: neither is left out for long."""
    toy = machine([[("yield",)] * 200, [("yield",)] * 200], kind=kind)
    toy.kernel.run()
    yields = [script for script, place in toy.log if script and place < 200]
    both = yields[: yields.index(1) + 200 + yields.index(2)]
    assert 50 < both.count(1) < 250


def test_a_thread_that_gives_way_to_a_sleeper_lets_time_pass() -> None:
    toy = machine([[("yield",)] * 60, [("sleep", 10**8)]], kind=True)
    toy.kernel.run()
    places = [entry for entry in toy.log if entry[0]]
    assert places.index((2, 0)) < places.index((1, 59)), "it woke although the other never waited"


def test_ids_are_never_given_twice_and_hostile_ones_leave_gaps() -> None:
    for kind in (True, False):
        kernel = machine([[]], kind=kind).kernel
        ids = [kernel.new_id() for _ in range(100)]
        assert ids == sorted(set(ids))
        assert (ids[-1] - ids[0] == 99) is kind


def test_a_thread_that_works_between_its_yields_does_not_make_time_race() -> None:
    """Another's long wait is not over because of them."""
    steps = [("yield",), ("work",), ("work",), ("work",)] * 100
    toy = machine([steps, [("sleep", 10**8)]], kind=True)
    toy.kernel.run()
    places = [entry for entry in toy.log if entry[0]]
    assert places.index((2, 0)) > places.index((1, 399))
