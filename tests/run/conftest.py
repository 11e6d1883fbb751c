"""What the tests of the userland machine share: a fake engine with real memory, a guest that makes calls by name
through the real dispatch, and hand-assembled programs for the real engines."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from portwright.describe import port as ports
from portwright.describe.cpu import cpu
from portwright.describe.ledger import Ledger
from portwright.describe.port import Port
from portwright.run import loader, machine, world
from portwright.run.address_space import AddressSpace
from portwright.run.clocks import Clocks
from portwright.run.dispatch import Dispatcher, Ended
from portwright.run.engine import Access, BadAddress, Context, Stop, TrapHandler
from portwright.run.events import Outcome, RunEvent
from portwright.run.file_table import FileTable
from portwright.run.hostility import Hostility
from portwright.run.kernel import Kernel
from portwright.run.limits import Limits, files_report, memory_report
from portwright.run.network import Network
from portwright.run.options import Options
from portwright.run.process import Process
from portwright.run.programs import Programs
from portwright.run.socket_address import Addresses

PAGE = 0x1000
SCRATCH = 0x10_0000
PORT = "x86_64-unknown-veridian"


class FakeEngine:
    """The contract of an engine over a dictionary of pages; it runs no instructions."""

    def __init__(self) -> None:
        self.pages: dict[int, bytearray] = {}
        self.access: dict[int, Access] = {}
        self.registers: dict[str, int] = {}
        self.interrupted = False

    def map(self, address: int, length: int, access: Access) -> None:
        assert address % PAGE == 0 and length % PAGE == 0 and length > 0
        for page in range(address, address + length, PAGE):
            assert page not in self.pages, hex(page)
            self.pages[page] = bytearray(PAGE)
            self.access[page] = access

    def unmap(self, address: int, length: int) -> None:
        for page in range(address, address + length, PAGE):
            del self.pages[page], self.access[page]

    def protect(self, address: int, length: int, access: Access) -> None:
        for page in range(address, address + length, PAGE):
            assert page in self.pages
            self.access[page] = access

    def read(self, address: int, length: int) -> bytes:
        found = bytearray()
        while len(found) < length:
            at = address + len(found)
            page = self.pages.get(at - at % PAGE)
            if page is None:
                raise BadAddress(at)
            found += page[at % PAGE : at % PAGE + length - len(found)]
        return bytes(found)

    def write(self, address: int, data: bytes) -> None:
        done = 0
        while done < len(data):
            at = address + done
            page = self.pages.get(at - at % PAGE)
            if page is None:
                raise BadAddress(at)
            room = min(PAGE - at % PAGE, len(data) - done)
            page[at % PAGE : at % PAGE + room] = data[done : done + room]
            done += room

    def get(self, names: Sequence[str]) -> list[int]:
        return [self.registers.get(name, 0) for name in names]

    def set(self, values: Mapping[str, int]) -> None:
        self.registers.update(values)

    def context(self) -> Context:
        return Context(dict(self.registers))

    def restore(self, context: Context) -> None:
        self.registers = dict(context.content)

    def fork(self) -> FakeEngine:
        copy = FakeEngine()
        copy.pages = {page: bytearray(data) for page, data in self.pages.items()}
        copy.access, copy.registers = dict(self.access), dict(self.registers)
        return copy

    def reset(self) -> None:
        self.pages, self.access, self.registers = {}, {}, {}

    def run(self, on_trap: TrapHandler) -> Stop:
        return Stop("trap-ended")

    def count_turn(self, on: bool) -> bool:
        return False

    def cpu_seconds(self) -> float:
        return 0.0

    def interrupt(self) -> None:
        self.interrupted = True

    def close(self) -> None:
        pass


@dataclass
class Guest:
    """A process on a fake engine whose calls are made by name, as the ledger says, through the dispatcher."""

    process: Process
    root: Path
    events: list[RunEvent]
    reports: list[tuple[str, str, str]]
    ended: list[Ended] = field(default_factory=list)
    _next: int = SCRATCH

    def __post_init__(self) -> None:
        self.engine: Any = self.process.engine
        self.space = self.process.space
        self.ledger = self.process.ledger
        self.dispatcher = Dispatcher(self.process, lambda *said: self.reports.append(said), self.ended.append)
        self.process.dispatcher = self.dispatcher
        assert self.process.kernel.next() is self.process.thread
        self.space.map(SCRATCH, 64 * PAGE, Access.READ | Access.WRITE, "image")

    def put(self, data: bytes) -> int:
        """Put bytes into the guest's memory; answers where."""
        address, self._next = self._next, self._next + len(data) + 16
        self.space.write(address, data)
        return address

    def path(self, text: str) -> int:
        """Put a path into the guest's memory; answers where."""
        return self.put(text.encode() + b"\0")

    def room(self, length: int) -> int:
        """Room for a result, filled with 0xEE."""
        return self.put(b"\xee" * length)

    def constant(self, names: str) -> int:
        """The ledger's number of constants joined with `|`."""
        total = 0
        for name in names.split("|"):
            total |= self.ledger.constants[name]
        return total

    def trap(self, number: int, *registers: int) -> int | None:
        """Make a raw call; the result as a signed number, None where the guest does not go on."""
        abi = self.ledger.abi
        values = zip(abi.arguments, registers, strict=False)
        self.engine.set({abi.number: number, **{name: value & (1 << 64) - 1 for name, value in values}})
        goes_on = self.dispatcher.trap()
        while not goes_on:
            thread = self.process.kernel.next()
            if self.process.end is not None:
                return None
            goes_on = thread is self.process.thread and self.process.kernel.enter(thread)
        value = self.engine.registers[abi.result]
        return value - (1 << 64) if value >> 63 else value

    def call(self, name: str, *arguments: int) -> int | None:
        """Call by the ledger's name, with the call's own arguments."""
        number = self.ledger.syscalls[name].number
        assert number is not None
        return self.trap(number, *arguments)

    def error(self, name: str) -> int:
        """What a call answers that fails with an error of the ledger."""
        number = self.ledger.error_number(name)
        assert number is not None, name
        return -number


GuestMaker = Callable[..., Guest]


@pytest.fixture(scope="session")
def veridian() -> Port:
    """The bundled port whose ledger the tests use."""
    return never_busy(ports.load(PORT))


def never_busy(port: Port) -> Port:
    """The port of a system that refuses no call until later: programs that do not ask again run on it."""
    ledger = port.ledger
    abi = ledger.abi.model_copy(update={"busy": None})
    return replace(port, abi=ledger.model_copy(update={"abi": abi}))


@pytest.fixture
def make_guest(veridian: Port, tmp_path: Path) -> Iterator[GuestMaker]:
    """Makes guests; keywords go to `Options`, but for `ledger` and `engine`."""

    def make(ledger: Ledger | None = None, engine: Any = None, **given: Any) -> Guest:
        given.setdefault("seed", 1)
        given.setdefault("kind", True)
        given.setdefault("capture", True)
        given.setdefault("stdin", b"")
        options = Options(**given)
        described = ledger or veridian.ledger
        engine = engine or FakeEngine()
        folder = contexts.enter_context(world.scratch())
        root = world.root(options, folder)
        events: list[RunEvent] = []
        complaints: list[tuple[str, str, str]] = []
        hostility = Hostility(options.seed or 0, kind=options.kind)
        clocks = Clocks(described, options.clock, 10**9)
        addresses = Addresses(described, "little")
        network = Network(hostility, addresses, v4_mapped=described.network.v4_mapped)
        kernel = Kernel(
            options.limits, clocks, hostility, network=None if options.network == "none" else network
        )

        def say(report: Any) -> None:
            complaints.append((report.kind, report.what, report.advice))

        space = AddressSpace(
            engine,
            described.memory,
            64,
            hostility,
            options.limits.memory,
            lambda asked: say(memory_report(asked, space.used, options.limits.memory)),
            kernel.memory,
        )
        files = FileTable(
            root, hostility, options.limits.files, lambda: say(files_report(options.limits.files))
        )
        world.open_streams(files, options, described.entry.open_fds, kernel.watch, events.append)
        process = Process(
            engine,
            described,
            cpu(described.abi.cpu),
            space,
            files,
            clocks,
            hostility,
            kernel.watch,
            options.limits,
            77,
            complaints=complaints,
        )
        kernel.add(process)
        process.image = cast(Any, object())  # nothing here loads or unwinds it
        chip = cpu(described.abi.cpu)
        rules = loader.rules_of(chip, ["elf-exec"], described.memory)

        def furnish(child: Process, image: Any) -> None:
            child.dispatcher = Dispatcher(child, lambda *said: None)

        Programs(kernel, root, options.limits, hostility, rules, described, chip, FakeEngine, furnish)
        contexts.callback(files.close_all)
        host = Path(f"/proc/self/fd/{root.top.fd}").resolve()
        return Guest(process, host, events, [])

    with contextlib.ExitStack() as contexts:
        yield make


@pytest.fixture
def guest(make_guest: GuestMaker) -> Guest:
    """A kind guest in a fresh root."""
    return make_guest()


# --- hand-assembled programs for the real engines

CODE, DATA = 0x40_0000, 0x60_0000
REGISTERS = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{n}" for n in range(8, 16)))


class Assembly:
    """Machine code of x86-64, as much of it as the tests need; calls by the ledger's names."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.code = bytearray()
        self.data = bytearray()

    def raw(self, code: str) -> Assembly:
        """Hexadecimal code."""
        self.code += bytes.fromhex(code)
        return self

    def move(self, register: str, value: int) -> Assembly:
        """register = value"""
        number = REGISTERS.index(register)
        self.code += bytes((0x48 | number >> 3, 0xB8 | number & 7)) + struct.pack("<Q", value & (1 << 64) - 1)
        return self

    def text(self, data: bytes) -> int:
        """Put data beside the code; answers its address."""
        address = DATA + len(self.data)
        self.data += data + bytes(-len(data) % 16)
        return address

    def call(self, name: str | int, *arguments: int | None) -> Assembly:
        """Make a system call; None leaves a register as it is."""
        for register, value in zip(self._ledger.abi.arguments, arguments, strict=False):
            if value is not None:
                self.move(register, value)
        number = name if isinstance(name, int) else self._ledger.syscalls[name].number
        assert number is not None
        return self.move("rax", number).raw("0f05")

    def print(self, text: str) -> Assembly:
        """Write a text to standard output, again and again until all of it is taken."""
        address = self.text(text.encode())
        self.move("r12", address).move("r13", len(text.encode()))
        start = len(self.code)
        self.move("rdi", 1).raw("4c89e6 4c89ea").move("rax", self._ledger.syscalls["write"].number or 0)
        self.raw("0f05 4901c4 4929c5")  # r12 += rax; r13 -= rax
        return self.raw("75" + struct.pack("b", start - len(self.code) - 2).hex())  # jne start

    def exit(self, status: int) -> Assembly:
        """End."""
        return self.call("exit", status)

    def exit_with_result(self) -> Assembly:
        """End with the last call's result as the status, negated where it failed."""
        self.raw("4885c0 7903 48f7d8")  # test rax, rax; jns +3; neg rax
        return self.raw("4889c7").move("rax", self._ledger.syscalls["exit"].number or 0).raw("0f05")

    def elf(self) -> bytes:
        """The program as a static ELF file: code at CODE, data at DATA (a page more of it than was given)."""
        header, entry = 64, 56
        code_at, data_at = PAGE, PAGE + -(-len(self.code) // PAGE) * PAGE
        segments = (
            (5, code_at, CODE, len(self.code), len(self.code)),
            (6, data_at, DATA, len(self.data), len(self.data) + PAGE),
        )
        image = bytearray(data_at + len(self.data))
        image[:header] = struct.pack(
            "<16sHHIQQQIHHHHHH",
            *(b"\x7fELF\x02\x01\x01", 2, 62, 1, CODE, header, 0, 0, header, entry, len(segments), 64, 0, 0),
        )
        for index, (flags, offset, address, size, memory) in enumerate(segments):
            row = struct.pack("<IIQQQQQQ", 1, flags, offset, address, address, size, memory, PAGE)
            image[header + entry * index : header + entry * (index + 1)] = row
        image[code_at : code_at + len(self.code)] = self.code
        image[data_at:] = self.data
        return bytes(image)


@pytest.fixture
def assembly(veridian: Port) -> Assembly:
    """An empty program."""
    return Assembly(veridian.ledger)


RunAssembly = Callable[..., Outcome]


@pytest.fixture
def run_assembly(veridian: Port, tmp_path: Path) -> RunAssembly:
    """Runs an assembled program to its end: `run_assembly(program, engine="native", ...)`."""

    def run(program: Assembly, port: Port | None = None, **given: Any) -> Outcome:
        binary = tmp_path / "program"
        binary.write_bytes(program.elf())
        given.setdefault("seed", 1)
        given.setdefault("capture", True)
        given.setdefault("engine", "native")
        given.setdefault("limits", Limits(seconds=60))
        return machine.run_program(port or veridian, binary, Options(**given))

    return run
