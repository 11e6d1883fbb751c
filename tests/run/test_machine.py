"""Whole runs of hand-assembled programs on the real engines: hostile behaviour, limits, crashes, traces."""

from __future__ import annotations

import dataclasses
import os
import struct
import time
from pathlib import Path

import pytest

from portwright.base.errors import BadInput
from portwright.run import engine as engines
from portwright.run import machine
from portwright.run.engine import Setup
from portwright.run.events import Died, Exited, Wrote
from portwright.run.limits import Limits
from portwright.run.options import Options
from portwright.run.root import Share

SETUP = Setup("x86-64", "syscall")
READ_WRITE, PRIVATE = 3, 0x22
DATA = 0x60_0000  # where the fixture's programs have their data


@pytest.fixture(params=["native", "unicorn"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine that can serve here; skips the ones that cannot."""
    reason = engines.serves(request.param, SETUP)
    if reason is not None:
        pytest.skip(f"{request.param} engine: {reason}")
    return str(request.param)


def test_output_and_status_are_the_programs(assembly, run_assembly, engine: str) -> None:
    outcome = run_assembly(assembly.print("Hello\n").exit(42), engine=engine)
    assert (outcome.stdout, outcome.end, outcome.status) == (b"Hello\n", Exited(42), 42)
    assert outcome.reports == () and outcome.peak_memory >= 256 << 10


# --- hostile by default


def keeps_in(register_code: tuple[str, str], assembly):
    """A program that keeps 7 in a register over a call and exits with what is left of it (its low byte)."""
    put, take = register_code
    assembly.move("rax", 7).raw(put).call("getpid")
    return assembly.raw(take).move("rax", 11).raw("0f05")


XMM0 = ("66480f6ec0", "66480f7ec7")  # movq xmm0, rax; movq rdi, xmm0
XMM15 = ("664c0f6ef8", "664c0f7eff")
RCX = ("4889c1", "4889cf")
R12 = ("4989c4", "4c89e7")


@pytest.mark.parametrize("register", [XMM0, XMM15], ids=["xmm0", "xmm15"])
def test_a_guest_that_trusts_a_clobbered_register_fails_unless_we_are_kind(
    assembly, run_assembly, engine: str, register: tuple[str, str]
) -> None:
    program = keeps_in(register, assembly)
    assert run_assembly(program, engine=engine, kind=True).status == 7
    assert run_assembly(program, engine=engine, kind=False).status != 7


def test_what_the_trap_itself_destroys_is_destroyed_always(assembly, run_assembly, engine: str) -> None:
    assert run_assembly(keeps_in(RCX, assembly), engine=engine).status != 7


def test_a_register_that_the_ledger_preserves_is_preserved(assembly, run_assembly, engine: str) -> None:
    assert run_assembly(keeps_in(R12, assembly), engine=engine).status == 7


def test_a_clobber_list_without_vector_registers_destroys_none(
    assembly, run_assembly, veridian, engine: str
) -> None:
    abi = veridian.ledger.abi.model_copy(update={"clobbers": ["rcx", "r11"]})
    port = dataclasses.replace(veridian, abi=veridian.ledger.model_copy(update={"abi": abi}))
    assert run_assembly(keeps_in(XMM0, assembly), engine=engine, port=port).status == 7


def test_registers_at_entry_hold_garbage_unless_we_are_kind(assembly, run_assembly, engine: str) -> None:
    # or rdx, r9; setne dil; movzx edi, dil; exit
    assembly.raw("4c09ca 400f95c7 400fb6ff").move("rax", 11).raw("0f05")
    assert run_assembly(assembly, engine=engine, kind=True).status == 0
    assert run_assembly(assembly, engine=engine, kind=False).status == 1


def test_memory_below_the_stack_pointer_is_not_zero(assembly, run_assembly, engine: str) -> None:
    # cmp qword [rsp-512], 0; setne dil
    assembly.raw("4883bc2400feffff00 400f95c7 400fb6ff").move("rax", 11).raw("0f05")
    assert run_assembly(assembly, engine=engine, kind=True).status == 0
    assert run_assembly(assembly, engine=engine, kind=False).status == 1


def test_reads_and_writes_come_up_short_but_lose_nothing(assembly, run_assembly, engine: str) -> None:
    lines = [f"line {number}\n" for number in range(30)]
    for line in lines:
        assembly.print(line)
    outcome = run_assembly(assembly.exit(0), engine=engine, calls=True)
    assert outcome.stdout.decode() == "".join(lines)
    sizes = [call.result for call in outcome.calls if call.name == "write"]
    assert len(sizes) > 30 and all(sizes)
    kind = run_assembly(assembly, engine=engine, calls=True, kind=True)
    assert [call.name for call in kind.calls] == ["write"] * 30 + ["exit"]


def test_a_short_read_is_never_zero_before_the_end(make_guest) -> None:
    guest = make_guest(kind=False, seed=9, stdin=b"x" * 1000)
    room, sizes = guest.room(64), []
    while (size := guest.call("read", 0, room, 64)) != 0:
        if size != guest.error("EINTR"):
            sizes.append(size)
    assert sum(sizes) == 1000 and min(sizes) >= 1 and len(set(sizes)) > 3


def test_the_same_seed_is_the_same_run(assembly, run_assembly, engine: str) -> None:
    program = assembly.print("a" * 500)
    for _ in range(5):
        program.call("mmap", 0, 4096, READ_WRITE, PRIVATE, 0xFFFF_FFFF << 32)
    program.call("getrandom", DATA, 64, 0).call("write", 1, DATA, 64).exit(0)

    def run(seed: int):
        outcome = run_assembly(program, engine=engine, seed=seed, calls=True, clock="virtual")
        return outcome.stdout, [(call.name, call.arguments, call.result) for call in outcome.calls]

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_both_engines_say_the_same(assembly, run_assembly) -> None:
    for name in ("native", "unicorn"):
        if (reason := engines.serves(name, SETUP)) is not None:
            pytest.skip(f"{name} engine: {reason}")
    path = assembly.text(b"/tmp/file\0")
    flags = 0x42
    assembly.print("one\ntwo\n").call("open", path, flags, 0o644).call("write", 3, path, 9)
    assembly.call("lseek", 3, 0, 0).call("read", 3, DATA + 0x800, 5).call("fstat", 3, DATA + 0x900)
    assembly.call("clock_gettime", 1, DATA + 0xA00).call("opendir", path).call("read", 99, 0, 4)
    assembly.call(777, 1).call("dup", 1).call("mmap", 0, 9999, READ_WRITE, PRIVATE, 0xFFFF_FFFF << 32)
    assembly.call("close", 3).raw("31c9 f7f1")  # division by zero

    def run(engine: str):
        outcome = run_assembly(assembly, engine=engine, calls=True, clock="virtual")
        calls = [
            (c.name, c.number, c.arguments, c.result, c.error) for c in outcome.calls if c.name != "fstat"
        ]
        reports = [(r.kind, r.what, r.instruction, r.backtrace) for r in outcome.reports]
        assert isinstance(outcome.end, Died)
        return outcome.stdout, calls, reports, outcome.end.signal, outcome.end.report.what

    assert run("native") == run("unicorn")


# --- crashes

CRASHES = {
    "read of nothing": ("488b042500010000", 11, "bad-access", "read of 0x100", "null pointer"),
    "write to a constant": (
        "48c70425000040000100 0000",
        11,
        "bad-access",
        "write to 0x400000",
        "read and execute",
    ),
    "jump to nowhere": ("48b8003412000000 0000 ffe0", 11, "bad-access", "jump to 0x123400", "no memory"),
    "ud2": ("0f0b", 4, "illegal-instruction", "illegal instruction", "abort"),
    "division by zero": ("31c9 f7f1", 8, "divide", "division by zero", ""),
    "breakpoint": ("cc", 5, "breakpoint", "breakpoint", "debugger"),
    "thread-local storage that is not there": (
        "64488b042500000000",
        11,
        "bad-access",
        "read of",
        "thread pointer",
    ),
}


@pytest.mark.parametrize("case", CRASHES)
def test_a_crash_is_a_signal_and_a_report(assembly, run_assembly, engine: str, case: str) -> None:
    code, signal, kind, what, advice = CRASHES[case]
    outcome = run_assembly(assembly.print("before\n").raw(code), engine=engine, kind=True)
    assert isinstance(outcome.end, Died) and outcome.end.signal == signal
    assert outcome.status == 128 + signal and outcome.stdout == b"before\n"
    report = outcome.end.report
    assert report.kind == kind and what in report.what and advice in report.advice
    assert report.calls[-1].name == "write"
    if kind != "bad-access" or "jump" not in what:
        assert report.instruction


def test_endless_recursion_is_a_stack_overflow(assembly, run_assembly, veridian, engine: str) -> None:
    assembly.raw("4881ec00100000 e8f4ffffff")  # sub rsp, 4096; call to the start
    outcome = run_assembly(assembly, engine=engine)
    assert isinstance(outcome.end, Died) and outcome.end.signal == 11
    assert outcome.end.report.kind == "stack-overflow"
    memory = veridian.ledger.memory
    assert hex(memory.stack_limit) in outcome.end.report.advice
    assert outcome.peak_memory >= memory.stack_limit, "the stack grew to what the ledger promises"


def test_the_stack_grows_when_it_is_touched(assembly, run_assembly, engine: str) -> None:
    assembly.raw("488d842400 00c0ff c60001")  # lea rax, [rsp - 4 MiB]; mov byte [rax], 1
    assert run_assembly(assembly.exit(5), engine=engine).status == 5


# --- limits


def test_wall_time_ends_a_loop(assembly, run_assembly, engine: str) -> None:
    began = time.monotonic()
    outcome = run_assembly(assembly.raw("ebfe"), engine=engine, limits=Limits(seconds=0.5))
    assert time.monotonic() - began < 20
    assert isinstance(outcome.end, Died) and outcome.end.report.kind == "time-limit"
    assert outcome.status == 128 + 24 and "0.5 s" in outcome.end.report.what
    assert outcome.end.report.backtrace[0].address == 0x40_0000


def test_wall_time_ends_a_loop_of_calls(assembly, run_assembly, engine: str) -> None:
    assembly.call("getpid").raw("ebf2")
    outcome = run_assembly(assembly, engine=engine, limits=Limits(seconds=0.5))
    assert isinstance(outcome.end, Died) and outcome.end.report.kind == "time-limit"


def test_wall_time_ends_a_wait_for_input(assembly, veridian, tmp_path: Path, engine: str) -> None:
    reading, writing = os.pipe()
    kept = os.dup(0) if is_open(0) else None
    os.dup2(reading, 0)
    try:
        program = tmp_path / "program"
        program.write_bytes(assembly.call("read", 0, DATA, 10).exit(0).elf())
        options = Options(engine=engine, kind=True, limits=Limits(seconds=0.5))
        outcome = machine.run_program(veridian, program, options)
    finally:
        if kept is not None:
            os.dup2(kept, 0)
            os.close(kept)
        os.close(reading)
        os.close(writing)
    assert isinstance(outcome.end, Died) and outcome.end.report.kind == "time-limit"


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


@pytest.mark.parametrize("writes", [False, True], ids=["reading", "writing"])
def test_wall_time_ends_a_wait_for_a_pipe_in_a_share(
    assembly, run_assembly, veridian, tmp_path: Path, engine: str, writes: bool
) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    path = assembly.text(b"/share/pipe\0")
    assembly.call("open", path, veridian.ledger.constants["O_RDWR"], 0)
    start = len(assembly.code)
    number = veridian.ledger.syscalls["write" if writes else "read"].number
    assembly.move("rdi", 3).move("rsi", DATA).move("rdx", 4096).move("rax", number).raw("0f05")
    assembly.raw("e9" + struct.pack("<i", start - len(assembly.code) - 5).hex())
    began = time.monotonic()
    outcome = run_assembly(
        assembly, engine=engine, shares=(Share(folder, "/share"),), limits=Limits(seconds=0.5)
    )
    assert isinstance(outcome.end, Died) and outcome.end.report.kind == "time-limit"
    assert time.monotonic() - began < 10


def test_cpu_time_counts_work_and_not_waiting(assembly, run_assembly, engine: str) -> None:
    spec = assembly.text(struct.pack("<qq", 0, 700_000_000))
    waiting = assembly.call("nanosleep", spec, 0).exit(3)
    assert run_assembly(waiting, engine=engine, kind=True, limits=Limits(cpu_seconds=0.5)).status == 3
    busy = type(assembly)(assembly._ledger).raw("ebfe")
    outcome = run_assembly(busy, engine=engine, limits=Limits(cpu_seconds=0.5, seconds=50))
    assert isinstance(outcome.end, Died) and outcome.end.report.kind == "time-limit"
    assert "CPU" in outcome.end.report.what and "--cpu-time" in outcome.end.report.advice


def test_output_without_end_is_ended(assembly, run_assembly, engine: str) -> None:
    text = assembly.text(b"x" * 1000)
    assembly.call("write", 1, text, 1000)
    assembly.raw("eb" + struct.pack("b", -len(assembly.code) - 2).hex())
    outcome = run_assembly(assembly, engine=engine, limits=Limits(output=50_000))
    assert isinstance(outcome.end, Died) and outcome.end.report.kind == "output-limit"
    assert 49_000 < len(outcome.stdout) <= 51_000 and outcome.status == 137


def test_memory_without_end_is_enomem_and_a_report(assembly, run_assembly, engine: str) -> None:
    assembly.call("mmap", 0, 64 << 20, READ_WRITE, PRIVATE, 0xFFFF_FFFF << 32).exit_with_result()
    outcome = run_assembly(assembly, engine=engine, limits=Limits(memory=32 << 20))
    assert outcome.status == 5, "VeridianOS's ENOMEM"
    assert [report.kind for report in outcome.reports] == ["memory-limit"]
    assert outcome.reports[0].backtrace


# --- what is around a run


def test_what_cannot_be_run_says_why(assembly, veridian, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"#!/bin/sh\n")
    outcome = machine.run_program(veridian, program, Options(capture=True))
    assert isinstance(outcome.end, Died) and outcome.end.report.kind == "cannot-load"
    with pytest.raises(BadInput, match="cannot read"):
        machine.run_program(veridian, tmp_path / "none", Options())
    program.write_bytes(assembly.exit(0).elf())
    with pytest.raises(BadInput, match="no folder `/none`"):
        machine.run_program(veridian, program, Options(cwd="/none", engine="native"))
    with pytest.raises(BadInput, match="no folder `/none`"):
        machine.run_program(veridian, program, Options(cwd="/none", engine="unicorn"))
    with pytest.raises(BadInput, match="no entry `nothing`"):
        machine.run_program(veridian, program, Options(engine="nothing"))


def test_events_come_as_they_happen(assembly, veridian, tmp_path: Path, engine: str) -> None:
    program = tmp_path / "program"
    program.write_bytes(assembly.print("a").print("b").exit(0).elf())
    seen: list[object] = []
    options = Options(engine=engine, capture=True, kind=True)
    outcome = machine.run_program(veridian, program, options, seen.append)
    assert seen == [Wrote("stdout", b"a"), Wrote("stdout", b"b"), Exited(0)]
    assert outcome.stdout == b"ab"


def test_arguments_environment_and_current_directory(assembly, run_assembly, engine: str) -> None:
    # write(1, argv[1], 3); chdir is where we are: open("f") finds /in/f
    name = assembly.text(b"f\0")
    assembly.raw("488b742410").call("write", 1, None, 3).call("open", name, 0, 0).exit_with_result()
    outcome = run_assembly(
        assembly, engine=engine, arguments=("xyz",), cwd="/in", files={"/in/f": b""}, kind=True
    )
    assert (outcome.stdout, outcome.status) == (b"xyz", 3)


def test_a_program_that_does_not_fit_beside_its_stack_cannot_be_loaded(
    assembly, run_assembly, veridian, engine: str
) -> None:
    """What goes wrong before the first instruction is said like every other reason not to load."""
    small = run_assembly(assembly.exit(0), engine=engine, limits=Limits(memory=64 << 10))
    assert isinstance(small.end, Died) and small.end.report.kind == "cannot-load"
    assert "stack" in small.end.report.what and "memory" in small.end.report.advice
    where = {"stack_top": 0x60_0000 + 0x8000, "stack_size": 0x8000, "stack_limit": 0x8000}
    memory = veridian.ledger.memory.model_copy(update=where)
    ledger = veridian.ledger.model_copy(update={"memory": memory})
    over = run_assembly(assembly, dataclasses.replace(veridian, abi=ledger), engine=engine)
    assert isinstance(over.end, Died) and over.end.report.kind == "cannot-load"
    assert "0x600000" in over.end.report.what


@pytest.mark.parametrize(
    "tls",
    [(0x60_0000, 8, 1 << 45), (0x666_0000, 64, 64), (0x60_0000, 64, 8)],
    ids=["too-large", "nowhere", "inside-out"],
)
def test_thread_local_storage_that_cannot_be_made_cannot_be_loaded(
    assembly, run_assembly, veridian, engine: str, tls: tuple[int, int, int]
) -> None:
    pointer = veridian.ledger.entry.thread_pointer.model_copy(update={"at_entry": "tls"})
    entry = veridian.ledger.entry.model_copy(update={"thread_pointer": pointer})
    port = dataclasses.replace(veridian, abi=veridian.ledger.model_copy(update={"entry": entry}))
    assembly.exit(0)
    address, file_size, size = tls
    whole = assembly.elf()
    row = struct.pack("<IIQQQQQQ", 7, 4, 0, address, address, file_size, size, 16)
    changed = bytearray(whole)
    changed[64 + 2 * 56 : 64 + 3 * 56] = row
    changed[56:58] = struct.pack("<H", 3)
    assembly.elf = lambda: bytes(changed)
    outcome = run_assembly(assembly, port, engine=engine)
    assert isinstance(outcome.end, Died) and outcome.end.report.kind == "cannot-load"
    assert "thread-local" in outcome.end.report.what
