"""Contexts, copies and resets of both engines, native and unicorn: what threads and processes are made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from portwright.describe.cpu import cpu
from portwright.run import engine as engines
from portwright.run.engine import Access, Setup

CODE, DATA, STACK = 0x40_0000, 0x50_0000, 0x7000_0000_0000
PAGE = 0x1000
CPU = cpu("x86-64")
EVERY = {name: 0x1111_0000 + number for number, name in enumerate(CPU.registers) if name != "rsp"}
EVERY |= {name: (0xABCD << 96) + number for number, name in enumerate(CPU.vector_registers)}
EVERY |= {"pc": CODE, "sp": STACK + 64, "thread-pointer": DATA, "flags": 0x246}
TRAP = "0f05 0f05 ebfe"


def values(engine) -> dict[str, int]:
    return dict(zip(EVERY, engine.get(list(EVERY)), strict=True))


def test_a_context_is_all_registers(guest) -> None:
    engine = guest.engine
    engine.set(EVERY)
    kept = engine.context()
    engine.set({name: 0 for name in EVERY if name not in ("flags", "pc", "sp")} | {"pc": CODE + 1, "sp": 8})
    assert values(engine) != EVERY
    engine.restore(kept)
    assert values(engine) == EVERY
    engine.restore(kept)  # as often as one likes
    assert values(engine) == EVERY


def test_two_contexts_take_turns_in_the_traps_of_one_run(guest) -> None:
    """Each counts in its own register, through its own thread pointer, into its own memory."""
    engine = guest.engine
    code = "64ff0425 00000000 48ffc3 0f05 ebf1"  # inc dword fs:[0]; inc rbx; syscall; again
    engine.write(CODE, bytes.fromhex(code))
    contexts = []
    for number in range(2):
        engine.set({"pc": CODE, "rbx": 1000 * number, "thread-pointer": DATA + 64 * number, "xmm9": number})
        contexts.append(engine.context())
    turn, turns = 1, 0

    def switch() -> bool:
        nonlocal turn, turns
        assert engine.get(["xmm9"]) == [turn]
        contexts[turn] = engine.context()
        turn, turns = 1 - turn, turns + 1
        engine.restore(contexts[turn])
        return turns < 20

    engine.run(switch)
    engine.restore(contexts[0])
    assert engine.get(["rbx"]) == [10]
    engine.restore(contexts[1])
    assert engine.get(["rbx"]) == [1010]
    assert [engine.read(DATA + 64 * number, 4)[0] for number in range(2)] == [10, 10]


def test_a_context_keeps_what_a_fault_or_an_interrupt_left(guest) -> None:
    stop = guest.run("48c7c305000000 0f0b")  # mov rbx, 5; ud2
    assert stop.fault == "illegal"
    faulted = guest.engine.context()
    guest.run("31db 0f05")
    guest.engine.restore(faulted)
    assert guest.get("rbx") == [5] and guest.get("pc") == [stop.pc]


@pytest.mark.skipif(" avx " not in Path("/proc/cpuinfo").read_text(), reason="this processor has no AVX")
def test_a_native_context_holds_the_upper_halves_of_vector_registers(make_guest) -> None:
    guest = make_guest("native")
    engine = guest.engine
    # vmovdqu ymm3, [rbx]; syscall; vmovdqu [rdi], ymm3; syscall
    guest.engine.write(CODE, bytes.fromhex("c5fe6f1b 0f05 c5fe7f1f 0f05"))
    engine.write(DATA, bytes(range(32)))
    engine.set({"pc": CODE, "rbx": DATA, "sp": STACK + 64})
    engine.run(lambda: False)
    kept = engine.context()
    engine.set({"pc": CODE, "rbx": DATA + 512, "sp": STACK + 64})
    engine.run(lambda: False)
    engine.restore(kept)
    engine.set({"rdi": DATA + 64, "xmm3": 7})
    engine.run(lambda: False)
    assert engine.read(DATA + 64, 32) == (7).to_bytes(16, "little") + bytes(range(16, 32))


def test_a_copy_shares_nothing(guest, name: str) -> None:
    engine = guest.engine
    engine.write(CODE, bytes.fromhex("0f05 c6030a 0f05 ebfe"))  # syscall; mov byte [rbx], 10; syscall
    engine.write(DATA, b"before")
    engine.set(EVERY | {"rbx": DATA})
    engine.run(lambda: False)
    copy = engine.fork()
    try:
        assert values(copy) == values(engine)
        assert copy.read(DATA, 6) == b"before" and copy.read(CODE, 2) == b"\x0f\x05"
        copy.run(lambda: False)
        engine.write(DATA + 1, b"EFORE")
        assert (engine.read(DATA, 6), copy.read(DATA, 6)) == (b"bEFORE", b"\nefore")
        copy.map(0x70_0000, PAGE, Access.READ | Access.WRITE)
        engine.map(0x70_0000, PAGE, Access.READ)
        copy.unmap(CODE, PAGE)
        engine.run(lambda: False)
        assert engine.read(DATA, 1) == b"\n"
        assert copy.run(lambda: False).fault == "execute"
    finally:
        copy.close()
    assert engine.read(DATA, 1) == b"\n"


def test_a_copy_outlives_what_it_was_copied_from_and_can_be_copied(name: str, make_guest) -> None:
    guest = make_guest(name)
    guest.run(TRAP)
    first = guest.engine.fork()
    second = first.fork()
    guest.engine.close()
    first.close()
    try:
        assert second.run(lambda: False).reason == "trap-ended"
        assert second.get(["pc"]) == [CODE + 4]
        assert second.read(CODE, 2) == b"\x0f\x05"
    finally:
        second.close()


def test_a_context_can_be_restored_in_a_copy(guest) -> None:
    guest.engine.set(EVERY)
    kept = guest.engine.context()
    copy = guest.engine.fork()
    try:
        copy.set({"rax": 5, "xmm3": 8})
        copy.restore(kept)
        assert values(copy) == EVERY
    finally:
        copy.close()


def test_protections_are_copied(guest) -> None:
    copy = guest.engine.fork()
    try:
        copy.write(CODE, bytes.fromhex("c7042500006000 01000000"))  # mov dword [CONSTANT], 1
        copy.set({"pc": CODE})
        stop = copy.run(lambda: False)
        assert (stop.fault, stop.address) == ("write", 0x60_0000)
    finally:
        copy.close()


def test_a_reset_takes_everything_away(guest) -> None:
    engine = guest.engine
    engine.set(EVERY)
    guest.run("31c0 0f05")
    engine.reset()
    zeros = dict.fromkeys(set(EVERY) - {"flags"}, 0)
    assert {name: value for name, value in values(engine).items() if name != "flags"} == zeros
    for address in (CODE, DATA, STACK):
        engine.map(address, PAGE, Access.READ | Access.WRITE | Access.EXECUTE)
        assert engine.read(address, PAGE) == bytes(PAGE)
    engine.write(CODE, bytes.fromhex("48c7c063000000 0f05"))  # other code at the same place
    engine.set({"pc": CODE, "sp": STACK + 64})
    engine.run(lambda: False)
    assert engine.get(["rax"]) == [0x63]


def test_cpu_time_counts_for_each_copy_alone(guest, name: str) -> None:
    code = "b900000004 ffc9 75fc 0f05"  # some tens of milliseconds
    guest.run(code)
    used = guest.engine.cpu_seconds()
    copy = guest.engine.fork()
    try:
        assert used > 0.01
        assert copy.cpu_seconds() < used / 2
    finally:
        copy.close()


def test_the_host_has_no_more_processes_than_before(make_guest) -> None:
    if engines.serves("native", Setup("x86-64", "syscall")):
        pytest.skip("native engine")
    guest = make_guest("native")
    copies = [guest.engine.fork() for _ in range(5)]
    children = Path("/proc/self/task").glob("*/children")
    ours = {int(pid) for task in children for pid in task.read_text().split()}
    pids = {copy._process.pid for copy in copies}
    assert pids <= ours, "the copies are our own children: their ends are ours to see"
    for copy in copies:
        copy.close()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


# A load that overwrites its own address register: done twice, or not at all, it reads from nowhere.
SPINS = {
    "x86-64": ("syscall", "488b03 488b00 4885c0 74f5 0f0b", "rbx"),
    "aarch64": ("svc #0", "680240f9 08fddfc8 c8ffffb4 00000000", "x19"),
}


@pytest.mark.parametrize("name_of_cpu", SPINS)
def test_unicorn_counts_a_turn_and_stops_where_it_can_go_on(name_of_cpu: str) -> None:
    """Stopped again and again in a loop, at the same places each time."""
    trap, code, register = SPINS[name_of_cpu]

    def places() -> list[int | None]:
        engine = engines.create(Setup(name_of_cpu, trap), "unicorn")
        try:
            engine.map(CODE, PAGE, Access.READ | Access.EXECUTE)
            engine.map(DATA, PAGE, Access.READ | Access.WRITE)
            engine.write(CODE, bytes.fromhex(code))
            engine.write(DATA, (DATA + 16).to_bytes(8, "little"))
            engine.set({"pc": CODE, register: DATA, "sp": DATA + 0x800})
            assert engine.count_turn(True)
            stops = [engine.run(lambda: False) for _ in range(5)]
            assert {stop.reason for stop in stops} == {"interrupted"}, stops
            return [stop.pc for stop in stops]
        finally:
            engine.close()

    assert places() == places()


def test_the_native_engine_cannot_count(make_guest) -> None:
    assert not make_guest("native").engine.count_turn(True)


CHASES = {
    "x86-64": ("syscall", "48ffc1 488b00 4885c0 75f5 0f05", "rax", "rcx"),
    "aarch64": ("svc #0", "29050091 080140f9 c8ffffb5 010000d4", "x8", "x9"),
}


@pytest.mark.parametrize("name_of_cpu", CHASES)
def test_no_load_is_done_twice_while_unicorns_tlb_grows(name_of_cpu: str) -> None:
    """A chain over so many pages that the TLB has to grow: each of its links is followed once."""
    trap, code, register, count = CHASES[name_of_cpu]
    links, chain = 6000, 0x1000_0000
    engine = engines.create(Setup(name_of_cpu, trap), "unicorn")
    try:
        engine.map(CODE, PAGE, Access.READ | Access.EXECUTE)
        engine.map(chain, links * PAGE, Access.READ | Access.WRITE)
        for link in range(links - 1):
            engine.write(chain + link * PAGE, (chain + (link + 1) * PAGE).to_bytes(8, "little"))
        engine.write(CODE, bytes.fromhex(code))
        engine.set({"pc": CODE, register: chain, count: 0, "sp": chain + 0x800})
        assert engine.run(lambda: False).reason == "trap-ended"
        assert engine.get([count]) == [links]
    finally:
        engine.close()
