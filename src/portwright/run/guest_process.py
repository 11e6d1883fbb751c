"""The process that a native guest lives in: started, emptied, sealed, reached into, ended and reaped.

Its system calls and faults are `engines/native.py`'s; here are only the calls that we make inside it, its
memory and its end. All methods but `signal` come from the thread that made it: ptrace knows only that one.
"""

from __future__ import annotations

import os
import resource
import signal
import time
import weakref

from portwright.base.children import WAIT_ALL, Child, ended_by, start_image
from portwright.run import native_stub, ptrace
from portwright.run.cpu import Hosted
from portwright.run.engine import Access, BadAddress

WORD_MASK = (1 << 64) - 1
MOST_STATE = 1 << 16


class GuestProcess:
    """A stopped process: one without any memory of its own but the stub's page, waiting to be given a program
    (`start`), or a copy of another one (`copy`)."""

    def __init__(self, hosted: Hosted, child: Child, stub: int) -> None:
        self._hosted = hosted
        self._memory = -1
        self._stub = stub
        self._child = child
        self.pid = child.pid
        self.registers = ptrace.RegisterSet(self.pid, ptrace.NT_PRSTATUS, 8 * hosted.word_count)
        self.vectors = ptrace.RegisterSet(self.pid, ptrace.NT_PRFPREG, hosted.vectors_size)
        self._state: ptrace.RegisterSet | None = None
        self._copied = 0

    @classmethod
    def start(cls, hosted: Hosted, machine: int) -> GuestProcess:
        """A new process."""
        child = start_image(native_stub.program(hosted, machine), "guest")
        process = cls(hosted, child, native_stub.BASE + native_stub.BEFORE_CODE)
        try:
            process._take_over()
            process._empty_and_seal()
        except BaseException:
            process.close()
            raise
        return process

    def copy(self) -> GuestProcess:
        """A second process with the same memory, seals, limits and registers; raises `OSError` or `Gone`."""
        self._copied = 0
        result = self.call("clone", native_stub.FORK_FLAGS, 0, 0, 0, 0)
        if result < 0:
            raise OSError(-result, os.strerror(-result))
        process = type(self)(self._hosted, Child(self._copied), self._stub)
        try:
            process._wait_for_stop()
            process._open_memory()
            process.registers.fetch()
            process.registers.octets[:] = self.registers.octets
        except BaseException:
            process.close()
            raise
        return process

    def _take_over(self) -> None:
        self._wait_for_breakpoint()
        options = ptrace.OPTION_EXIT_KILLS | ptrace.OPTION_SYSTEM_CALLS_MARKED | ptrace.OPTION_FORKS_FOLLOWED
        ptrace.request(ptrace.SETOPTIONS, self.pid, 0, options)
        self._open_memory()
        self.registers.fetch()
        resource.prlimit(self.pid, resource.RLIMIT_CORE, (0, 0))

    def _open_memory(self) -> None:
        self._memory = os.open(f"/proc/{self.pid}/mem", os.O_RDWR | os.O_CLOEXEC)
        self._give_back = weakref.finalize(self, os.close, self._memory)

    def _empty_and_seal(self) -> None:
        """Take away all files and memory, put the stub at the top, and lock the door behind SYSEMU."""
        hosted, page = self._hosted, self._hosted.page
        os.pwrite(self._memory, hosted.stub, self._stub)
        self._setup_call("mmap", page, 0x1000, 5, native_stub.STUB_FLAGS, -1, 0)
        os.pwrite(self._memory, hosted.stub, page)
        self._stub = page
        self._setup_call("munmap", 0, page)
        self._setup_call("close_range", 0, 0xFFFF_FFFF, 0)
        self._setup_call("prctl", native_stub.PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        self._setup_call("prctl", native_stub.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        place = page + 64
        content = native_stub.filter_program(native_stub.seal(hosted), place)
        os.pwrite(self._memory, content, place)
        self._setup_call("seccomp", native_stub.SECCOMP_SET_MODE_FILTER, 0, place)
        os.pwrite(self._memory, bytes(len(content)), place)

    def _setup_call(self, call: str, *arguments: int) -> None:
        result = self.call(call, *arguments)
        if result < 0:
            raise OSError(-result, f"{call}: {os.strerror(-result)}")

    def state(self) -> bytes:
        """All of the stopped process's registers but the general ones."""
        state = self._all_state()
        state.fetch()
        return bytes(state.octets)

    def set_state(self, state: bytes) -> None:
        """Set them to what `state` gave, of this process or of one that it is a copy of."""
        registers = self._all_state()
        registers.octets[:] = state
        registers.store()

    def _all_state(self) -> ptrace.RegisterSet:
        if self._state is None:
            room = ptrace.RegisterSet(self.pid, self._hosted.state_note, MOST_STATE)
            room.fetch()
            self._state = ptrace.RegisterSet(self.pid, self._hosted.state_note, room.size)
        return self._state

    def limit(self, memory: int | None, seconds: int | None) -> None:
        """Second guards, behind the machine's own limits: bytes of address space, seconds of CPU time."""
        if memory is not None:
            room = memory + (16 << 20)
            resource.prlimit(self.pid, resource.RLIMIT_AS, (room, room))
        if seconds is not None:
            resource.prlimit(self.pid, resource.RLIMIT_CPU, (seconds + 1, seconds + 1))

    def call(self, name: str, *arguments: int) -> int:
        """Make one call of the host's kernel inside the stopped guest, whose registers stay as they are.

        The result is the kernel's: minus an error number where it failed.
        """
        registers, hosted = self.registers, self._hosted
        words, places = registers.words, hosted.words
        kept = bytes(registers.octets)
        words[places[hosted.number]] = hosted.calls[name]
        words[hosted.moved_number] = WORD_MASK
        words[places["pc"]] = self._stub
        for register, value in zip(hosted.call_arguments, arguments, strict=False):
            words[places[register]] = value & WORD_MASK
        registers.store()
        ptrace.request(ptrace.CONT, self.pid)
        self._wait_for_breakpoint()
        registers.fetch()
        result = words[places[hosted.number]]
        registers.octets[:] = kept
        return result - (1 << 64) if result >> 63 else result

    def _wait_for_breakpoint(self) -> None:
        while (status := self._wait_for_stop()) == ptrace.STOPPED_IN_FORK or (
            ptrace.stopped_by(status) != signal.SIGTRAP
        ):
            if status == ptrace.STOPPED_IN_FORK:
                self._copied = ptrace.event_message(self.pid)
            ptrace.request(ptrace.CONT, self.pid)  # a signal from outside: who sent it has left a mark

    def _wait_for_stop(self) -> int:
        _, status = os.waitpid(self.pid, WAIT_ALL)
        if not os.WIFSTOPPED(status):
            self.reaped()
            raise ptrace.Gone(f"the guest's process {ended_by(status)}")
        return status

    def read(self, address: int, length: int) -> bytes:
        """Bytes of memory, whatever its protection; raises `BadAddress`."""
        end = self._hosted.page
        parts: list[bytes] = []
        while length:  # the kernel stops short at 2 GiB and before the first page that is not there
            if not 0 <= address < end:
                raise BadAddress(address)
            try:
                data = os.pread(self._memory, min(length, end - address), address)
            except OSError:
                raise BadAddress(address) from None
            if len(data) == length and not parts:
                return data
            if not data:
                raise BadAddress(address)
            parts.append(data)
            address += len(data)
            length -= len(data)
        return b"".join(parts)

    def write(self, address: int, data: bytes) -> None:
        """Put bytes into memory, whatever its protection; raises `BadAddress`."""
        end = self._hosted.page
        view = memoryview(data)
        while view:
            if not 0 <= address < end:
                raise BadAddress(address)
            try:
                done = os.pwrite(self._memory, view[: end - address], address)
            except OSError:
                raise BadAddress(address) from None
            if not done:
                raise BadAddress(address)
            view = view[done:]
            address += done

    def access_at(self, address: int) -> Access | None:
        """What the host allows at an address, or None where nothing is mapped; slow."""
        with open(f"/proc/{self.pid}/maps") as rows:  # noqa: PTH123 - not a file, and no path to keep
            for row in rows:
                place, letters = row.split()[:2]
                first, last = (int(part, 16) for part in place.split("-"))
                if first <= address < last:
                    bits = zip("rwx", (Access.READ, Access.WRITE, Access.EXECUTE), strict=False)
                    return sum((bit for letter, bit in bits if letter in letters), Access.NONE)
        return None

    def signal(self, number: int) -> None:
        """Send a signal, from any thread; nothing happens where the process is gone."""
        self._child.signal(number)

    def cpu_seconds(self) -> float:
        """The CPU time that the process has used; from any thread."""
        if not self._child.alive:
            return 0.0
        clock = (~self.pid << 3) | 2  # how Linux numbers the clock of another process's CPU time
        try:
            return time.clock_gettime(clock)
        except OSError:
            return 0.0

    def reaped(self) -> None:
        """Note that the process has ended and has been waited for."""
        self._child.reaped()
        self._close_memory()

    def close(self) -> None:
        """End the process and reap it; may be called twice."""
        self._child.end()
        self._close_memory()

    def _close_memory(self) -> None:
        if self._memory >= 0:
            self._give_back()
            self._memory = -1
