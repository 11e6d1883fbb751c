"""The engine for guests of the host's own CPU: a traced process whose system calls the host never sees.

Every system call stops the guest before the host's kernel looks at it (PTRACE_SYSEMU); behind that a seccomp
filter kills a guest whose call came through all the same. The guest's address space is its own: all that the
host put there is taken away but one page at the very top, from whose one instruction this engine makes the
only calls that ever happen (mmap, munmap, mprotect). PTRACE_O_EXITKILL ends the guest with its tracer.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import cast

from portwright.base.children import WAIT_ALL, ended_by
from portwright.base.errors import Fault, MissingTool
from portwright.describe.cpu import cpu as described
from portwright.run import native_stub, ptrace
from portwright.run.cpu import engine_cpu
from portwright.run.engine import Access, BadAddress, CannotMap, Context, Prepared, Setup, Stop, TrapHandler
from portwright.run.fault import explain
from portwright.run.guest_process import WORD_MASK, GuestProcess
from portwright.run.pacing import Pacing

RANK = 10
ISOLATED = True
VECTOR_SIZE = 16
OUT_OF_MEMORY = 12  # ENOMEM
INTERRUPT = signal.SIGUSR1  # ours alone: no other process has a reason to send it to a guest
HARMLESS = (signal.SIGCONT, signal.SIGSTOP, signal.SIGWINCH)
_Made = tuple[list[tuple[int, int]], list[tuple[slice, bytes]]]
FAULTS: Mapping[int, str] = {
    signal.SIGSEGV: "memory",
    signal.SIGBUS: "bus",
    signal.SIGILL: "illegal",
    signal.SIGFPE: "arithmetic",
    signal.SIGTRAP: "breakpoint",
    signal.SIGSYS: "call",
}


def unfit(setup: Setup) -> str | None:
    """Why this engine cannot run such guests here, or None."""
    if setup.more_traps or setup.ignored_traps:
        return "it sees the host's own trap alone"
    if sys.platform != "linux":
        return f"it needs Linux's ptrace, and this host is {sys.platform}"
    hosted, machine = engine_cpu(setup.cpu).hosted, os.uname().machine
    if hosted is None or machine.lower() not in hosted.machines:
        return f"it runs programs of the host's own CPU, which is {machine}, not {setup.cpu}"
    if setup.page_size % resource.getpagesize():
        return f"the host's pages are {resource.getpagesize()} bytes, the guest's {setup.page_size}"
    return _forbidden(setup.cpu)


@cache
def _forbidden(cpu: str) -> str | None:
    """What stands in the way of tracing on this host, tried with an empty guest (a millisecond), or None."""
    hosted = engine_cpu(cpu).hosted
    assert hosted is not None
    try:
        GuestProcess.start(hosted, described(cpu).elf_machine).close()
    except (OSError, NotImplementedError, ptrace.Gone) as error:
        return f"this host does not let a process be traced and sealed: {str(error) or 'it ended'}"
    return None


def make(setup: Setup) -> NativeEngine:
    """An engine with an empty address space; raises `MissingTool` where the host has no process left for it."""
    try:
        hosted = engine_cpu(setup.cpu).hosted
        assert hosted is not None
        process = GuestProcess.start(hosted, described(setup.cpu).elf_machine)
        process.limit(setup.memory_limit, setup.cpu_seconds)
        engine = NativeEngine(setup, process)
        engine.clear()
        return engine
    except (OSError, ptrace.Gone) as error:
        what = f"a guest's process cannot be started: {str(error) or 'it ended'}"
        hint = "end some processes, or choose the unicorn engine"
        raise MissingTool([Fault(what, None, hint, "engine/start")]) from error


class NativeEngine:
    """See the module, and `Engine` for the methods."""

    def __init__(self, setup: Setup, process: GuestProcess) -> None:
        self._cpu = engine_cpu(setup.cpu)
        assert self._cpu.hosted is not None
        self._hosted, self._setup = self._cpu.hosted, setup
        self._encodings = {name: trap.encoding for name, trap in described(setup.cpu).traps.items()}
        self._places = self._hosted.words
        self._interrupted = False
        self._vectors_dirty = self._vectors_known = False
        self._process = process
        self._go_on = ptrace.prepared(ptrace.SYSEMU, self._process.pid)
        self._dirty = True
        self._first_state = process.state()

    def map(self, address: int, length: int, access: Access) -> None:
        """See `Engine.map`."""
        self._change("mmap", address, length, _protection(access), native_stub.MAP_FLAGS, -1, 0)

    def unmap(self, address: int, length: int) -> None:
        """See `Engine.unmap`."""
        self._change("munmap", address, length)

    def protect(self, address: int, length: int, access: Access) -> None:
        """See `Engine.protect`."""
        self._change("mprotect", address, length, _protection(access))

    def _change(self, call: str, address: int, length: int, *more: int) -> None:
        page = self._setup.page_size
        if address % page or length % page or length <= 0 or address < 0:
            raise CannotMap(address, length, f"not whole pages of {page} bytes")
        if address + length > self._hosted.page:
            raise CannotMap(address, length, f"a guest's addresses end at {self._hosted.page:#x}")
        result = self._process.call(call, address, length, *more)
        self._dirty = True
        if result < 0:
            raise CannotMap(address, length, os.strerror(-result), exhausted=-result == OUT_OF_MEMORY)

    def read(self, address: int, length: int) -> bytes:
        """See `Engine.read`."""
        return self._process.read(address, length)

    def write(self, address: int, data: bytes) -> None:
        """See `Engine.write`."""
        self._process.write(address, data)

    def get(self, names: Sequence[str]) -> list[int]:
        """See `Engine.get`."""
        places, words = self._places, self._process.registers.words
        try:
            return [words[places[name]] for name in names]
        except KeyError:
            return [words[places[name]] if name in places else self._vector(name) for name in names]

    def set(self, values: Mapping[str, int]) -> None:
        """See `Engine.set`; a thread pointer that no address can be raises `BadAddress`."""
        if type(values) is Prepared:
            self._set_prepared(values)
            return
        places, words = self._places, self._process.registers.words
        for name, value in values.items():
            if name in places:
                if name == "thread-pointer" and value >= self._hosted.page:
                    raise BadAddress(value)
                words[places[name]] = value
            else:
                place = self._vector_place(name)
                self._process.vectors.octets[place : place + VECTOR_SIZE] = value.to_bytes(
                    VECTOR_SIZE, "little"
                )
                self._vectors_dirty = True
        self._dirty = True

    def _set_prepared(self, values: Prepared) -> None:
        if values.made is None:
            values.made = self._made(values)
        words_made, octets_made = cast(_Made, values.made)
        words = self._process.registers.words
        for place, word in words_made:
            words[place] = word
        self._dirty = True
        if octets_made:
            self._know_vectors()
            octets = self._process.vectors.octets
            for piece, data in octets_made:
                octets[piece] = data
            self._vectors_dirty = True

    def _made(self, values: Mapping[str, int]) -> _Made:
        """Words by their places, and vector registers as few pieces: neighbours are one."""
        words = [(self._places[name], value) for name, value in values.items() if name in self._places]
        rows = sorted((self._hosted.vectors[n], v) for n, v in values.items() if n not in self._places)
        pieces: list[tuple[slice, bytes]] = []
        for start, value in rows:
            data, end = value.to_bytes(VECTOR_SIZE, "little"), start + VECTOR_SIZE
            if pieces and pieces[-1][0].stop == start:
                place, before = pieces.pop()
                start, data = place.start, before + data
            pieces.append((slice(start, end), data))
        return words, pieces

    def _know_vectors(self) -> None:
        if not self._vectors_known:
            self._process.vectors.fetch()
            self._vectors_known = True

    def _vector_place(self, name: str) -> int:
        self._know_vectors()
        return self._hosted.vectors[name]

    def _vector(self, name: str) -> int:
        place = self._vector_place(name)
        return int.from_bytes(self._process.vectors.octets[place : place + VECTOR_SIZE], "little")

    def context(self) -> Context:
        """See `Engine.context`."""
        self._store_vectors()
        return Context((bytes(self._process.registers.octets), self._process.state()))

    def restore(self, context: Context) -> None:
        """See `Engine.restore`."""
        general, state = context.content
        self._process.registers.octets[:] = general
        self._process.set_state(state)
        self._dirty, self._vectors_dirty, self._vectors_known = True, False, False

    def fork(self) -> NativeEngine:
        """See `Engine.fork`."""
        self._store_vectors()
        try:
            return NativeEngine(self._setup, self._process.copy())
        except (OSError, ptrace.Gone) as error:
            raise CannotMap(0, self._hosted.page, str(error), exhausted=True) from error

    def reset(self) -> None:
        """See `Engine.reset`."""
        self._change("munmap", 0, self._hosted.page)
        self._process.set_state(self._first_state)
        self._vectors_dirty = self._vectors_known = False
        self.clear()

    def clear(self) -> None:
        """Make the registers hold 0."""
        self.set({name: 0 for name in self._places if name != "flags"})

    def run(self, on_trap: TrapHandler) -> Stop:
        """See `Engine.run`; an exception from `on_trap` passes through and leaves the guest stopped."""
        with Pacing(self._process.pid) as pacing:
            try:
                return self._run(on_trap, pacing.trapped)
            except ptrace.Gone as gone:
                return Stop("engine-died", detail=str(gone) or "the guest's process is gone")
            except (KeyboardInterrupt, SystemExit):
                self.close()
                raise

    def _run(self, on_trap: TrapHandler, paced: Callable[[], None]) -> Stop:
        pid, registers, waitpid = self._process.pid, self._process.registers, os.waitpid
        words, moved = registers.words, self._hosted.moved_number
        number = self._places[self._hosted.number]
        trap, one, other = self._hosted.proves_trap
        one_word, other_word = self._places[one], self._places[other if other in self._places else "pc"]
        provable = trap == self._setup.trap
        while True:
            if self._interrupted:
                self._interrupted = False
                return Stop("interrupted", pc=self.get(["pc"])[0])
            self._resume()
            _, status = waitpid(pid, WAIT_ALL)
            if status == ptrace.STOPPED_IN_CALL:
                registers.fetch()
                words[number] = words[moved]
                words[moved] = WORD_MASK  # no call to restart: the host's kernel must not touch the result
                self._dirty = True
                if not (provable and words[one_word] == words[other_word]):
                    stop = self._other_trap()
                    if stop is not None:
                        return stop
                paced()
                if not on_trap():
                    return Stop("trap-ended")
                continue
            stop = self._stopped(status)
            if stop is not None:
                return stop

    def _resume(self) -> None:
        if self._dirty:
            self._process.registers.store()
            self._dirty = False
        if self._vectors_dirty:
            self._store_vectors()
        self._vectors_known = False
        if self._go_on():
            ptrace.request(ptrace.SYSEMU, self._process.pid)

    def _store_vectors(self) -> None:
        if self._vectors_dirty:
            self._process.vectors.store()
            self._vectors_dirty = False

    def _other_trap(self) -> Stop | None:
        """None for the ledger's own trap; a fault, at the instruction, for any other way into the kernel."""
        pc = self._process.registers.words[self._places["pc"]]
        own = self._encodings[self._setup.trap]
        with contextlib.suppress(BadAddress):
            if self.read(pc - len(own), len(own)) == own:
                return None
        for encoding in self._encodings.values():
            stop = self._foreign_trap(pc - len(encoding))
            if stop is not None:
                self.set({"pc": pc - len(encoding)})
                return stop
        return Stop("fault", "other", None, pc, "a way into the kernel that is not this OS's trap")

    def _stopped(self, status: int) -> Stop | None:
        """What a stop that is no system call means; None to go on."""
        process = self._process
        if not os.WIFSTOPPED(status):
            process.reaped()
            return Stop("engine-died", detail=f"the guest's process was {ended_by(status)}")
        process.registers.fetch()
        info = ptrace.signal_info(process.pid)
        if info.number == INTERRUPT or info.number in HARMLESS:
            return None
        if info.number == signal.SIGXCPU:
            return Stop("engine-died", detail="the guest's CPU time, which the host counts too, is used up")
        if info.number not in FAULTS or info.code <= 0:
            name = signal.Signals(info.number).name
            return Stop("engine-died", detail=f"{name} came from outside (process {info.sender})")
        stop = explain(
            self, self._cpu, FAULTS[info.number], info, process.access_at, self._hosted.breakpoints
        )
        if stop.pc is not None:
            self.set({"pc": stop.pc})
            if (
                stop.fault == "illegal"
            ):  # the host may have no such trap itself (a kernel without 32-bit calls)
                stop = self._foreign_trap(stop.pc) or stop
        return stop

    def _foreign_trap(self, pc: int) -> Stop | None:
        for name, encoding in self._encodings.items():
            with contextlib.suppress(BadAddress):
                if name != self._setup.trap and self.read(pc, len(encoding)) == encoding:
                    return Stop("fault", "other", None, pc, f"`{name}` is not this OS's trap")
        return None

    def cpu_seconds(self) -> float:
        """See `Engine.cpu_seconds`."""
        return self._process.cpu_seconds()

    def trap(self) -> str:
        """See `Engine.trap`: there is one."""
        return self._setup.trap

    def count_turn(self, on: bool) -> bool:
        """See `Engine.count_turn`: a processor's own counters are not exact."""
        return False

    def interrupt(self) -> None:
        """See `Engine.interrupt`."""
        self._interrupted = True
        self._process.signal(INTERRUPT)

    def close(self) -> None:
        """See `Engine.close`."""
        self._process.close()


def _protection(access: Access) -> int:
    return int(access)  # PROT_READ, PROT_WRITE and PROT_EXEC are the same bits
