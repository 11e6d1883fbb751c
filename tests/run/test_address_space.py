"""The books over memory agree with a model that holds one entry per page, whatever is done to them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from portwright.describe.ledger import Memory
from portwright.run.address_space import AddressSpace
from portwright.run.engine import Access, BadAddress
from portwright.run.failure import Failed
from portwright.run.hostility import Hostility

PAGE = 0x1000
BASE = 0x4000_0000
MEMORY = Memory(
    page_size=PAGE,
    stack_top=0x7000_0000,
    stack_size=4 * PAGE,
    stack_limit=16 * PAGE,
    map_base=BASE,
    break_base=0x2000_0000,
)
ACCESSES = st.sampled_from(
    [Access.NONE, Access.READ, Access.READ | Access.WRITE, Access.READ | Access.EXECUTE]
)
PAGES = st.integers(0, 24)
LENGTHS = st.integers(1, 8)


class Engine:
    """Pages and their rights, with the contract's own demands checked."""

    def __init__(self) -> None:
        self.pages: dict[int, Access] = {}

    def map(self, address: int, length: int, access: Access) -> None:
        for page in range(address, address + length, PAGE):
            assert page not in self.pages
            self.pages[page] = access

    def unmap(self, address: int, length: int) -> None:
        for page in range(address, address + length, PAGE):
            del self.pages[page]

    def protect(self, address: int, length: int, access: Access) -> None:
        for page in range(address, address + length, PAGE):
            assert page in self.pages
            self.pages[page] = access

    def read(self, address: int, length: int) -> bytes:
        return bytes(length)

    def write(self, address: int, data: bytes) -> None:
        pass


def make(limit: int = 1 << 30, memory: Memory = MEMORY) -> AddressSpace:
    return AddressSpace(Engine(), memory, 64, Hostility(1, kind=True), limit)  # type: ignore[arg-type]


class Books(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.space = make(limit=40 * PAGE)
        self.model: dict[int, Access] = {}

    @rule(page=PAGES, count=LENGTHS, access=ACCESSES)
    def map(self, page: int, count: int, access: Access) -> None:
        wanted = range(page, page + count)
        try:
            self.space.map(BASE + page * PAGE, count * PAGE, access, "map")
        except Failed as failed:
            taken = any(one in self.model for one in wanted)
            full = len(self.model) + count > 40
            assert (failed.name == "EEXIST" and taken) or (failed.name == "ENOMEM" and full)
        else:
            assert not any(one in self.model for one in wanted)
            self.model.update(dict.fromkeys(wanted, access))

    @rule(page=PAGES, count=LENGTHS)
    def unmap(self, page: int, count: int) -> None:
        self.space.unmap(BASE + page * PAGE, count * PAGE)
        for one in range(page, page + count):
            self.model.pop(one, None)

    @rule(page=PAGES, count=LENGTHS, access=ACCESSES)
    def protect(self, page: int, count: int, access: Access) -> None:
        wanted = range(page, page + count)
        try:
            self.space.protect(BASE + page * PAGE, count * PAGE, access)
        except Failed as failed:
            assert failed.name == "ENOMEM" and not all(one in self.model for one in wanted)
        else:
            assert all(one in self.model for one in wanted)
            self.model.update(dict.fromkeys(wanted, access))

    @rule(count=LENGTHS)
    def place(self, count: int) -> None:
        start = self.space.place(count * PAGE)
        first = (start - BASE) // PAGE
        assert start >= BASE and not any(one in self.model for one in range(first, first + count))

    @rule(page=PAGES, length=st.integers(1, 8 * PAGE), offset=st.integers(0, PAGE - 1), access=ACCESSES)
    def first_bad(self, page: int, length: int, offset: int, access: Access) -> None:
        start = BASE + page * PAGE + offset
        found = self.space.first_bad(start, length, access)
        wanted = next(
            (
                max(start, BASE + one * PAGE)
                for one in range(page, page + (offset + length - 1) // PAGE + 1)
                if one not in self.model or self.model[one] & access != access
            ),
            None,
        )
        assert found == wanted

    @invariant()
    def agrees(self) -> None:
        engine: Engine = self.space.engine  # type: ignore[assignment]
        assert engine.pages == {BASE + page * PAGE: access for page, access in self.model.items()}
        assert self.space.used == len(self.model) * PAGE <= self.space.budget.peak
        spans = [(region.start, region.end) for region in self.space.regions()]
        assert spans == sorted(spans) and all(a[1] <= b[0] for a, b in itertools.pairwise(spans))


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_the_stack_grows_to_its_limit_and_no_further() -> None:
    space = make()
    space.map_stack()
    top, low = MEMORY.stack_top, MEMORY.stack_top - 16 * PAGE
    assert space.stack_start == top - 4 * PAGE
    assert not space.grow_stack(space.stack_start), "there is memory already"
    assert space.grow_stack(top - 6 * PAGE + 5)
    assert space.stack_start == top - 8 * PAGE, "twice as much as it was"
    assert space.grow_stack(top - 15 * PAGE)
    assert space.stack_start == low
    assert not space.grow_stack(low - 1)
    assert space.in_guard(low - 1) and not space.in_guard(low)
    assert space.used == 16 * PAGE


def test_maps_can_lie_above_the_stack() -> None:
    space = make(memory=MEMORY.model_copy(update={"map_base": MEMORY.stack_top}))
    space.map_stack()
    first = space.place(3 * PAGE)
    space.map(first, 3 * PAGE, Access.READ, "map")
    assert MEMORY.stack_top <= first < space.place(PAGE)


@pytest.mark.parametrize("kind", [True, False])
def test_maps_downwards_take_the_highest_gap(kind: bool) -> None:
    memory = MEMORY.model_copy(update={"map_order": "down", "lowest": BASE - 32 * PAGE})
    space = AddressSpace(Engine(), memory, 64, Hostility(1, kind=kind), 1 << 30)  # type: ignore[arg-type]
    starts = []
    for _ in range(4):
        starts.append(space.place(2 * PAGE))
        space.map(starts[-1], 2 * PAGE, Access.READ, "map")
    assert all(BASE - 32 * PAGE <= start <= BASE - 2 * PAGE for start in starts)
    if kind:
        assert starts == [BASE - 2 * PAGE * n for n in (1, 2, 3, 4)]
        space.unmap(starts[1], 2 * PAGE)
        assert (space.place(2 * PAGE), space.place(3 * PAGE)) == (starts[1], starts[3] - 3 * PAGE)
    with pytest.raises(Failed, match="ENOMEM"):
        space.place(64 * PAGE)


def test_maps_downwards_begin_below_what_lies_over_their_border() -> None:
    space = make(memory=MEMORY.model_copy(update={"map_order": "down"}))
    space.map(BASE - PAGE, 2 * PAGE, Access.READ, "map")
    assert space.place(PAGE) == BASE - 2 * PAGE


def test_a_stack_without_a_limit_does_not_grow() -> None:
    space = make(memory=MEMORY.model_copy(update={"stack_limit": None}))
    space.map_stack()
    assert not space.grow_stack(space.stack_start - 8)
    assert space.in_guard(space.stack_start - 8)


def test_a_buffer_on_the_stack_lets_it_grow() -> None:
    space = make()
    space.map_stack()
    space.write(space.stack_start - 100, b"x" * 50)
    assert space.stack_start < MEMORY.stack_top - 4 * PAGE
    with pytest.raises(BadAddress):
        space.write(MEMORY.stack_top - 17 * PAGE, b"x")


def test_the_stack_does_not_grow_beyond_the_memory_limit() -> None:
    space = make(limit=5 * PAGE)
    space.map_stack()
    assert space.grow_stack(space.stack_start - 1)
    assert not space.grow_stack(space.stack_start - 1)


def test_a_string_ends_at_its_nul_and_not_beyond_memory() -> None:
    space = make()
    space.map(BASE, PAGE, Access.READ, "map")
    assert space.read_string(BASE + PAGE - 1, 100) == b""
    space.engine.read = lambda address, length: b"x" * length  # type: ignore[method-assign]
    with pytest.raises(BadAddress) as caught:
        space.read_string(BASE + PAGE - 10, 100)
    assert caught.value.address == BASE + PAGE
    with pytest.raises(Failed, match="ENAMETOOLONG"):
        space.read_string(BASE, 100)
