"""Every engine, native and unicorn, is held to the same contract with the same guests."""

from __future__ import annotations

import threading
import time

import pytest

from portwright.run.engine import Access, BadAddress, CannotMap, Prepared, Setup, Stop

CODE, DATA, CONSTANT, STACK = 0x40_0000, 0x50_0000, 0x60_0000, 0x7000_0000_0000
PAGE, STACK_SIZE = 0x1000, 0x1_0000
READ_WRITE = Access.READ | Access.WRITE

# name: (code, registers, kind, address touched or None, offset of the instruction from its page's start)
FAULTS = {
    "read of nothing": ("90 488b042500000000", {}, "read", 0, CODE + 1),
    "write to nothing": ("90 48c7042500000000 01000000", {}, "write", 0, CODE + 1),
    "write to a constant": ("90 48c7042500006000 01000000", {}, "write", CONSTANT, CODE + 1),
    "write to code": ("90 48c7042500004000 01000000", {}, "write", CODE, CODE + 1),
    "add to nothing": ("90 ff042500000000", {}, "read", 0, CODE + 1),
    "add to a constant": ("90 ff042500006000", {}, "write", CONSTANT, CODE + 1),
    "push to nothing": ("90 50", {"sp": 0x1000}, "write", 0xFF8, CODE + 1),
    "pop from nothing": ("90 58", {"sp": 0x1000}, "read", 0x1000, CODE + 1),
    "return to nowhere": ("90 c3", {"sp": 0x1000}, "read", 0x1000, CODE + 1),
    "jump to nothing": ("ffe0", {"rax": 0x1234}, "execute", 0x1234, 0x1234),
    "jump to null": ("ffe0", {"rax": 0}, "execute", 0, 0),
    "jump to data": ("ffe0", {"rax": DATA}, "execute", DATA, DATA),
    "jump to what no address can be": ("ffe0", {"rax": 1 << 63}, "execute", 1 << 63, 1 << 63),
    "call through null": ("ffd0", {"rax": 0}, "execute", 0, 0),
    "an address that none can be": ("488b00", {"rax": 1 << 63}, "read", 1 << 63, CODE),
    "an address across the end of a page": ("488b00", {"rax": DATA + 0xFFC}, "read", DATA + PAGE, CODE),
    "thread storage of none": ("64488b042510000000", {}, "read", 0x10, CODE),
    "copy to nothing": ("f3a4", {"rcx": 4, "rsi": DATA, "rdi": 16}, "write", 16, CODE),
    "copy from nothing": ("f3a4", {"rcx": 4, "rsi": 16, "rdi": DATA}, "read", 16, CODE),
    "fill beyond the end": ("f3ab", {"rcx": PAGE, "rdi": DATA}, "write", DATA + PAGE, CODE),
    "divide by zero": ("90 31c9 f7f1", {"rax": 1}, "divide", None, CODE + 3),
    "divide too large": ("90 f7f1", {"rax": 1, "rdx": 9, "rcx": 1}, "divide", None, CODE + 1),
    "ud2": ("90 0f0b", {}, "illegal", None, CODE + 1),
    "no instruction": ("90 06", {}, "illegal", None, CODE + 1),
    "hlt": ("90 f4", {}, "illegal", None, CODE + 1),
    "cli": ("90 fa", {}, "illegal", None, CODE + 1),
    "mov from cr0": ("90 0f20c0", {}, "illegal", None, CODE + 1),
    "rdmsr": ("90 0f32", {"rcx": 0}, "illegal", None, CODE + 1),
    "in": ("90 e410", {}, "illegal", None, CODE + 1),
    "out": ("90 e610", {}, "illegal", None, CODE + 1),
    "a foreign interrupt": ("90 cd21", {}, "illegal", None, CODE + 1),
    "int3": ("90 cc", {}, "breakpoint", None, CODE + 1),
    "long int3": ("90 cd03", {}, "breakpoint", None, CODE + 1),
    "another trap": ("90 cd80", {"rax": 1}, "other", None, CODE + 1),
}


@pytest.mark.parametrize("case", FAULTS)
def test_fault_says_kind_address_and_instruction(guest, case: str) -> None:
    code, registers, kind, address, pc = FAULTS[case]
    stop = guest.run(code, **registers)
    assert (stop.reason, stop.fault, stop.address, stop.pc) == ("fault", kind, address, pc)
    assert guest.get("pc") == [pc]


def test_a_host_system_call_of_another_kind_never_reaches_the_host(guest) -> None:
    # int 0x80 with the 32-bit number of write(2): were it done, this would print on standard output.
    guest.engine.write(DATA, b"escaped\n")
    stop = guest.run("cd80", rax=4, rbx=1, rcx=DATA, rdx=8)
    assert (stop.reason, stop.fault) == ("fault", "other")
    assert "int 0x80" in stop.detail


def test_the_hosts_vsyscall_page_is_not_there(guest) -> None:
    page = 0xFFFF_FFFF_FF60_0000
    stop = guest.run("ffd0 0f05", rax=page)
    assert (stop.reason, stop.fault, stop.address) == ("fault", "execute", page)


def test_traps_see_and_set_registers(guest) -> None:
    seen: list[list[int]] = []

    def on_trap() -> bool:
        seen.append(guest.get("pc", "rax", "rdi", "rbx"))
        guest.engine.set({"rax": 0xFFFF_FFFF_FFFF_FFFF, "rcx": 0xBAD0, "r11": 0xBAD1, "rdx": 1 << 62})
        return len(seen) < 3

    # L: mov eax, 39; inc rdi; syscall; mov rbx, rax; jmp L
    stop = guest.run("b827000000 48ffc7 0f05 4889c3 ebf1", on_trap, rdi=0x1_0000_0000, rbx=5)
    assert stop == Stop("trap-ended")
    after = CODE + 10
    assert seen == [
        [after, 39, 0x1_0000_0001, 5],
        [after, 39, 0x1_0000_0002, (1 << 64) - 1],
        [after, 39, 0x1_0000_0003, (1 << 64) - 1],
    ]
    assert guest.get("rax", "rcx", "r11", "rdx", "rdi", "pc") == [
        *((1 << 64) - 1, 0xBAD0, 0xBAD1, 1 << 62),
        *(0x1_0000_0003, after),
    ]


@pytest.mark.parametrize("number", [0, 1, 60, 0x4000_0001, 0xFFFF_FFFF, (1 << 64) - 1, (1 << 64) - 512])
def test_any_number_is_shown_and_done_by_nobody(guest, number: int) -> None:
    seen: list[int] = []

    def on_trap() -> bool:
        seen.extend(guest.get("rax"))
        guest.engine.set({"rax": (1 << 64) - 512})  # the host's ERESTARTSYS: it must not restart anything
        return len(seen) < 2

    assert guest.run("0f05 4889c3 0f05", on_trap, rax=number).reason == "trap-ended"
    assert seen == [number, (1 << 64) - 512]
    assert guest.get("pc", "rbx") == [CODE + 7, (1 << 64) - 512]


def test_a_handler_can_send_the_guest_elsewhere(guest) -> None:
    def on_trap() -> bool:
        if guest.get("pc")[0] == CODE + 2:
            guest.engine.set({"pc": CODE + 4, "sp": STACK + 0x100})
            return True
        return False

    # syscall; ud2; push 7; pop rbx; syscall
    assert guest.run("0f05 0f0b 6a07 5b 0f05", on_trap).reason == "trap-ended"
    assert guest.get("rbx", "sp") == [7, STACK + 0x100]


def test_a_handlers_exception_passes_and_the_guest_stays(guest) -> None:
    class Odd(Exception):
        pass

    def on_trap() -> bool:
        raise Odd

    with pytest.raises(Odd):
        guest.run("0f05 6a07 5b 0f05", on_trap)
    assert guest.get("pc") == [CODE + 2]
    assert guest.engine.run(lambda: False).reason == "trap-ended"
    assert guest.get("rbx") == [7]


def test_vector_registers_and_thread_pointer(guest) -> None:
    values = {f"xmm{n}": (0x0123_4567_89AB_CDEF << 64 | 0x1111 * (n + 1)) for n in range(16)}
    guest.engine.set({**values, "thread-pointer": DATA})
    guest.engine.write(DATA + 8, (0x77).to_bytes(8, "little"))
    # paddq xmm0, xmm15; movq rbx, xmm7; mov rax, fs:[8]; syscall
    stop = guest.run("66410fd4c7 66480f7efb 64488b042508000000 0f05")
    assert stop.reason == "trap-ended"
    assert guest.get("xmm0", "rbx", "rax") == [
        (2 * 0x0123_4567_89AB_CDEF) << 64 | (0x1111 + 0x1_1110),
        0x8888,
        0x77,
    ]
    assert guest.get(*values)[1:] == list(values.values())[1:]
    guest.engine.set(dict.fromkeys(values, (1 << 128) - 1))
    assert guest.get("xmm0", "xmm15", "thread-pointer") == [(1 << 128) - 1, (1 << 128) - 1, DATA]


def test_prepared_values_are_set_again_and_again(guest) -> None:
    names = ["r11", "rcx", "xmm15", "xmm2", "xmm1", "xmm10", "xmm0"]
    sets = [{name: turn << 60 | place for place, name in enumerate(names)} for turn in (3, 5)]
    ready = [Prepared(values) for values in sets]
    guest.engine.set({"xmm3": 1 << 127, "rbx": 17})
    for turn in (0, 1, 0):
        guest.engine.set(dict.fromkeys(names, 0))
        guest.engine.set(ready[turn])
        assert guest.get(*names) == list(sets[turn].values())
        assert guest.run("66480f7eca 4889cf 4989db 0f05").reason == "trap-ended"  # movq rdx, xmm1 ...
        assert guest.get("rdx", "rdi") == [sets[turn]["xmm1"], sets[turn]["rcx"]]
        assert guest.get("xmm3", "rbx", "xmm10") == [1 << 127, 17, sets[turn]["xmm10"]]


def test_a_thread_pointer_that_is_no_address_is_refused(guest) -> None:
    with pytest.raises(BadAddress):
        guest.engine.set({"thread-pointer": 1 << 63})
    assert guest.run("0f05").reason == "trap-ended"


def test_memory_is_read_and_written_whatever_its_protection(guest) -> None:
    engine = guest.engine
    engine.write(CONSTANT + 0xFFE, b"ab")
    assert engine.read(CONSTANT + 0xFFE, 2) == b"ab"
    engine.protect(DATA, PAGE, Access.NONE)
    engine.write(DATA, b"hidden")
    assert engine.read(DATA, 8) == b"hidden\0\0"
    assert engine.read(DATA, 0) == b"" and engine.read(1, 0) == b""
    assert guest.run("8a042500005000").fault == "read"


@pytest.mark.parametrize(
    ("address", "length", "bad"),
    [
        (0, 1, 0),
        (DATA - 1, 2, DATA - 1),
        (DATA + PAGE - 1, 2, DATA + PAGE),
        (DATA, 3 * PAGE, DATA + PAGE),
        (1 << 47, 1, 1 << 47),
        ((1 << 64) - 1, 1, (1 << 64) - 1),
        (1 << 63, 16, 1 << 63),
    ],
)
def test_bad_address_names_the_first_bad_byte(guest, address: int, length: int, bad: int) -> None:
    with pytest.raises(BadAddress) as reading:
        guest.engine.read(address, length)
    with pytest.raises(BadAddress) as writing:
        guest.engine.write(address, bytes([7]) * length)
    assert (reading.value.address, writing.value.address) == (bad, bad)
    if bad > address:
        assert guest.engine.read(address, bad - address) == bytes([7]) * (bad - address)


def test_maps_are_fresh_whole_and_disjoint(guest) -> None:
    engine = guest.engine
    base = 0x4000_0000_0000
    engine.map(base, 4 * PAGE, READ_WRITE)
    assert engine.read(base, 4 * PAGE) == bytes(4 * PAGE)
    engine.write(base, b"x" * 4 * PAGE)
    with pytest.raises(CannotMap):
        engine.map(base + PAGE, PAGE, READ_WRITE)
    with pytest.raises(CannotMap):
        engine.map(base - PAGE, 2 * PAGE, READ_WRITE)
    engine.unmap(base + PAGE, PAGE)
    with pytest.raises(BadAddress):
        engine.read(base + PAGE, 1)
    assert engine.read(base + 2 * PAGE, 1) == b"x"
    engine.map(base + PAGE, PAGE, READ_WRITE)
    assert engine.read(base, 4 * PAGE) == b"x" * PAGE + bytes(PAGE) + b"x" * 2 * PAGE


@pytest.mark.parametrize(
    ("address", "length"), [(DATA + 0x10_0001, PAGE), (DATA + 0x10_0000, 1), (DATA, 0), ((1 << 47), PAGE)]
)
def test_what_no_map_can_be_is_refused(guest, address: int, length: int) -> None:
    with pytest.raises(CannotMap):
        guest.engine.map(address, length, READ_WRITE)


def test_more_memory_than_there_can_be_is_refused(guest) -> None:
    whole = 1 << 47
    with pytest.raises(CannotMap):
        guest.engine.map(0x1000_0000_0000, whole - 0x1000_0000_0000, READ_WRITE)
    guest.engine.map(0x1000_0000_0000, PAGE, READ_WRITE)


def test_large_memory_costs_only_what_is_touched(guest) -> None:
    began = time.perf_counter()
    guest.engine.map(0x1000_0000_0000, 1 << 30, READ_WRITE)
    guest.engine.write(0x1000_0000_0000 + (1 << 30) - 1, b"z")
    assert guest.engine.read(0x1000_0000_0000 + (1 << 29), 3) == bytes(3)
    assert time.perf_counter() - began < 5


def test_protection_changes_hold_at_once(guest) -> None:
    store = "48891425 00005000 0f05"  # mov [DATA], rdx; syscall
    assert guest.run(store, rdx=1).reason == "trap-ended"
    guest.engine.protect(DATA, PAGE, Access.READ)
    stop = guest.run(store, rdx=2)
    assert (stop.fault, stop.address) == ("write", DATA)
    assert guest.engine.read(DATA, 1) == b"\1"
    guest.engine.protect(DATA, PAGE, READ_WRITE)
    assert guest.engine.run(lambda: False).reason == "trap-ended"  # mended: the same instruction, again
    assert guest.engine.read(DATA, 1) == b"\2"
    guest.engine.protect(CODE, PAGE, READ_WRITE)
    assert guest.run(store).fault == "execute"
    guest.engine.protect(CODE, PAGE, Access.READ | Access.EXECUTE)
    assert guest.engine.run(lambda: False).reason == "trap-ended"


def test_a_fault_that_is_mended_goes_on(guest) -> None:
    stop = guest.run("50 50 58 5b 0f05", sp=STACK, rax=0x1234)
    assert (stop.fault, stop.address) == ("write", STACK - 8)
    guest.engine.map(STACK - PAGE, PAGE, READ_WRITE)
    assert guest.engine.run(lambda: False).reason == "trap-ended"
    assert guest.get("rbx", "sp") == [0x1234, STACK]


def test_many_faults_that_are_mended(guest) -> None:
    """A stack that grows a page at a time: every page a fault, the rest of the run as fast as ever."""
    stop = guest.run("6a01 ffc8 75fa 0f05", sp=STACK, rax=40 * PAGE // 8)
    lowest, faults = STACK, 0
    while stop.reason == "fault":
        faults += 1
        assert (stop.fault, stop.address, stop.pc) == ("write", lowest - 8, CODE)
        lowest -= PAGE
        guest.engine.map(lowest, PAGE, READ_WRITE)
        stop = guest.engine.run(lambda: False)
    assert stop.reason == "trap-ended"
    assert (faults, guest.get("sp")) == (40, [STACK - 40 * PAGE])
    assert guest.engine.read(lowest, 40 * PAGE) == (1).to_bytes(8, "little") * (40 * PAGE // 8)


def test_code_that_changes_is_what_runs(guest) -> None:
    engine = guest.engine
    for value in range(3):  # from outside
        assert guest.run(f"bb{value:02x}000000 0f05").reason == "trap-ended"
        assert guest.get("rbx") == [value]
    engine.unmap(CODE, PAGE)
    engine.map(CODE, PAGE, Access.READ | Access.EXECUTE)
    assert guest.run("bb09000000 0f05").reason == "trap-ended"
    assert guest.get("rbx") == [9]
    engine.protect(CODE, PAGE, READ_WRITE | Access.EXECUTE)
    # from inside: mov byte [rip + 1], 5; mov ebx, 0; syscall
    assert guest.run("c60501000000 05 bb00000000 0f05").reason == "trap-ended"
    assert guest.get("rbx") == [5]


def test_a_page_that_may_be_written_and_executed_is_both_by_turns(guest) -> None:
    """Code is made in data, run, made anew by stores from elsewhere, and run: what was made last is what runs."""
    engine = guest.engine
    engine.protect(DATA, PAGE, READ_WRITE | Access.EXECUTE)
    # rdi = DATA: for each of 50 numbers: store `mov ebx, number; ret` there, call it, add rbx to rbp
    code = "c607bb 894f01 c64705c3 ffd7 4801dd ffc9 75ed 0f05"
    assert guest.run(code, rdi=DATA, rcx=50, rbp=0).reason == "trap-ended"
    assert guest.get("rbp") == [50 * 51 // 2]


def test_code_whose_page_may_be_written_from_now_on(guest) -> None:
    """As a compiler at run time does it: run, then open the page, change it from inside, and run again."""
    engine = guest.engine
    engine.write(DATA, bytes.fromhex("bb07000000 c3"))
    engine.protect(DATA, PAGE, Access.READ | Access.EXECUTE)
    assert guest.run("ffd7 0f05", rdi=DATA).reason == "trap-ended"
    assert guest.get("rbx") == [7]
    for rights in (READ_WRITE | Access.EXECUTE, READ_WRITE):
        engine.protect(DATA, PAGE, rights)
        assert guest.run("ff4701 0f05", rdi=DATA).reason == "trap-ended"  # one more
        engine.protect(DATA, PAGE, Access.READ | Access.EXECUTE)
        before = guest.get("rbx")[0]
        assert guest.run("ffd7 0f05", rdi=DATA).reason == "trap-ended"
        assert guest.get("rbx") == [before + 1]


def test_interrupt_ends_an_endless_loop(guest) -> None:
    for _ in range(3):
        threading.Timer(0.1, guest.engine.interrupt).start()
        began = time.perf_counter()
        stop = guest.run("48ffc3 ebfb", rbx=0)
        assert stop.reason == "interrupted"
        assert time.perf_counter() - began < 5
        assert guest.get("rbx")[0] > 1000
    assert guest.get("pc")[0] in (CODE, CODE + 3)


def test_interrupt_before_the_run_and_inside_a_trap(guest) -> None:
    guest.engine.interrupt()
    assert guest.run("ebfe").reason == "interrupted"
    count = 0

    def on_trap() -> bool:
        nonlocal count
        count += 1
        guest.engine.interrupt()
        return True

    assert guest.run("0f05 ebfe", on_trap).reason == "interrupted"
    assert (count, guest.get("pc")) == (1, [CODE + 2])


def test_interrupts_do_not_pile_up(guest) -> None:
    """Whoever waits for the end of a limit asks again and again, while the report on the guest is made."""
    before = threading.active_count()

    def most_threads() -> int:
        for _ in range(50):
            guest.engine.interrupt()
        time.sleep(0.1)
        return threading.active_count() - before

    seen: list[int] = []
    assert guest.run("0f05 ebfe", lambda: seen.append(most_threads()) or True).reason == "interrupted"
    seen.append(most_threads())
    assert guest.run("ebfe").reason == "interrupted"
    time.sleep(0.1)
    seen.append(threading.active_count() - before)
    assert seen[0] <= 1 and max(seen[1:]) <= 0


def test_a_late_stop_is_not_the_next_runs(make_guest, name: str, monkeypatch) -> None:
    """The thread that asks Unicorn to stop may be slow: by then the guest has stopped at a trap, and runs again."""
    if name != "unicorn":
        pytest.skip("only Unicorn is asked from another thread")
    guest = make_guest(name)
    engine, main, slow = guest.engine, threading.get_ident(), threading.Event()
    stop = engine._uc.emu_stop

    def late() -> None:
        if threading.get_ident() != main:
            slow.set()
            time.sleep(0.2)
        stop()

    monkeypatch.setattr(engine._uc, "emu_stop", late)
    for _ in range(
        20
    ):  # on a busy machine the guest may be at its trap just when the thread looks, which asks nothing
        threading.Timer(0.1, engine.interrupt).start()
        # It computes for less time than the stop is late, and makes a call.
        assert guest.run("b900000001 ffc9 75fc 0f05 ebf3", lambda: True).reason == "interrupted"
        if slow.is_set():
            break
    assert slow.is_set()
    threading.Timer(0.5, engine.interrupt).start()
    assert guest.run("ebfe").reason == "interrupted"


def test_cpu_time_is_the_guests_own(guest) -> None:
    threading.Timer(0.5, guest.engine.interrupt).start()
    before = guest.engine.cpu_seconds()
    guest.run("ebfe")
    assert 0.01 < guest.engine.cpu_seconds() - before < 5


def test_close_twice_and_run_after(guest) -> None:
    guest.run("0f05")
    guest.engine.close()
    guest.engine.close()
    assert guest.engine.run(lambda: True).reason == "engine-died"


def test_the_other_trap_of_the_cpu_can_be_the_ledgers(make_guest, name: str) -> None:
    guest = make_guest(name, Setup("x86-64", "int 0x80"))
    seen: list[int] = []

    def on_trap() -> bool:
        seen.extend(guest.get("rax", "pc"))
        return len(seen) < 4

    assert guest.run("cd80 40b007 cd80", on_trap, rax=1).reason == "trap-ended"
    assert seen == [1, CODE + 2, 7, CODE + 7]
    stop = guest.run("90 0f05")
    assert (stop.fault, stop.pc) == ("other", CODE + 1)
    assert "syscall" in stop.detail
