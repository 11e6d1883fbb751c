"""A trace of a program on this machine's kernel, in the ledger's words: every thread and every child, by ptrace.

The calls are put into words by the same code as those of the userland machine. Knows no CPU: the kernel itself tells
a call's number, arguments and result.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from portwright.base.children import WAIT_ALL, signal_traced
from portwright.describe.cpu import Cpu, cpu
from portwright.describe.ledger import ErrorNumber, Ledger
from portwright.describe.ledger_numbers import LARGEST_ERROR
from portwright.run import ptrace
from portwright.run.dispatch import Ended, Variant, table
from portwright.run.engine import BadAddress
from portwright.run.events import Called
from portwright.run.failure import Failed
from portwright.run.structs import Layout
from portwright.run.trace import Describer

OWN_THREAD_ONLY = 0x2000_0000  # __WNOTHREAD: what other threads of ours have started is not waited for
OPTIONS = (
    ptrace.OPTION_SYSTEM_CALLS_MARKED
    | ptrace.OPTION_ALL_FOLLOWED
    | ptrace.OPTION_EXECUTIONS_SHOWN
    | ptrace.OPTION_EXIT_KILLS
)
GROUP_STOPS = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
CHUNK = 256


class Memory:
    """The memory of a traced process, as /proc shows it."""

    def __init__(self, pid: int) -> None:
        self._file = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)

    def read(self, address: int, length: int) -> bytes:
        """See `AddressSpace.read`."""
        found = b""
        while len(found) < length:
            try:
                more = os.pread(self._file, length - len(found), address + len(found))
            except (OSError, OverflowError):
                more = b""
            if not more:
                raise BadAddress(address + len(found))
            found += more
        return found

    def read_string(self, address: int, longest: int) -> bytes:
        """See `AddressSpace.read_string`."""
        found = b""
        while len(found) <= longest:
            size = CHUNK - (address + len(found)) % CHUNK
            chunk, end, _ = self.read(address + len(found), size).partition(b"\0")
            found += chunk
            if end:
                return found
        raise Failed("ENAMETOOLONG")

    def close(self) -> None:
        """Let go of the process."""
        os.close(self._file)


@dataclass
class _Process:
    """A traced process, as `trace.Traced` wants it."""

    id: int
    ledger: Ledger
    cpu: Cpu
    space: Memory
    tracing: KernelTrace
    describer: Describer = field(init=False)

    def __post_init__(self) -> None:
        self.describer = Describer(self)

    @property
    def several(self) -> bool:
        return self.tracing.several

    def layout(self, name: str) -> Layout:
        described = self.ledger.types.get(name)
        if described is None:
            raise Failed("ENOSYS")
        return Layout(described, self.cpu.endian)


@dataclass
class _Begun:
    """A call that a thread is in."""

    number: int
    variant: Variant | None
    registers: Sequence[int]
    values: Sequence[Any] | None


class KernelTrace:
    """Traces one program that was started `stopped` (see `launch`), from a thread of its own.

    `tell` is called with each call, from that thread. `status` is what waitpid said of the program's end.
    """

    def __init__(self, ledger: Ledger, pid: int, tell: Callable[[Called], object]) -> None:
        self._ledger = ledger
        self._cpu = cpu(ledger.abi.cpu)
        self._table = table(ledger, self._cpu)
        self._errors = {
            e.number if isinstance(e, ErrorNumber) else e: name for name, e in reversed(ledger.errors.items())
        }
        self._first = pid
        self._tell = tell
        self._processes: dict[int, _Process] = {}
        self._of: dict[int, int] = {}  # thread -> process
        self._calls: dict[int, _Begun] = {}
        self._became = self._began = False
        self.several = False
        self.status: int | None = None
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="portwright-kernel-trace", daemon=True)

    def start(self) -> None:
        """Begin, and let the program go."""
        self._thread.start()

    def join(self) -> int:
        """Wait for the program's end; waitpid's status of it. Raises what went wrong in the trace."""
        self._thread.join()
        if self.failure is not None:
            raise self.failure
        assert self.status is not None
        return self.status

    def _run(self) -> None:
        try:
            os.waitid(os.P_PID, self._first, os.WSTOPPED | os.WNOWAIT)
            ptrace.request(ptrace.SEIZE, self._first, 0, OPTIONS)
            signal_traced(self._first, signal.SIGCONT)
            self._follow()
        except BaseException as error:  # told by `join`, in the thread that asked for the trace
            self.failure = error
            signal_traced(self._first, signal.SIGKILL)
        finally:
            for process in self._processes.values():
                process.space.close()

    def _follow(self) -> None:
        """Serve stops until nobody is left; what outlives the program is ended with it."""
        self._of[self._first] = self._first
        while True:
            try:
                thread, status = os.waitpid(-1, WAIT_ALL | OWN_THREAD_ONLY)
            except ChildProcessError:
                return
            if os.WIFSTOPPED(status):
                with suppress(ptrace.Gone):
                    self._stopped(thread, status)
                continue
            if thread == self._first:
                self.status = status
            self._over(thread)
            if thread == self._first:
                for other in self._of:
                    signal_traced(other, signal.SIGKILL)

    def _over(self, thread: int) -> None:
        """A thread is gone: the call that it was in has no end."""
        if thread in self._calls:
            self._end(thread, None)
        owner = self._of.pop(thread, thread)
        if owner not in self._of.values() and owner in self._processes:
            self._processes.pop(owner).space.close()

    def _stopped(self, thread: int, status: int) -> None:
        number, event = os.WSTOPSIG(status), ptrace.event_of(status)
        if thread not in self._of:  # its first stop may come before its maker's
            self.several = True
            self._of[thread] = _leader(thread)
        deliver, how = 0, ptrace.SYSCALL
        if number == signal.SIGTRAP | 0x80:
            self._at_call(thread)
        elif event == ptrace.EVENT_EXEC:
            self._executed(thread)
        elif event == ptrace.EVENT_STOP:
            how = ptrace.LISTEN if number in GROUP_STOPS else ptrace.SYSCALL
        elif event:  # a new thread or process: it stops by itself
            self.several = True
            child = ptrace.event_message(thread)
            self._of.setdefault(child, _leader(child))
        else:
            deliver = number
        ptrace.request(how, thread, 0, deliver)

    def _executed(self, thread: int) -> None:
        """A process has become another program: its other threads are gone, and it has the number of the first."""
        self._became = True
        before = ptrace.event_message(thread)
        if before != thread and before in self._calls:
            self._calls[thread] = self._calls.pop(before)
        for other in [each for each, owner in self._of.items() if owner == thread and each != thread]:
            self._of.pop(other)
            self._calls.pop(other, None)
        if thread in self._processes:
            self._processes.pop(thread).space.close()

    def _at_call(self, thread: int) -> None:
        info = ptrace.call_info(thread)
        if info is None:
            return
        begins, words = info
        if not self._began:  # the launcher's own calls, up to the end of the one that makes it the program
            self._began = self._became
            return
        if begins:
            self._begin(thread, words[0], words[1:])
        elif thread in self._calls:
            self._end(thread, words[0])

    def _process(self, thread: int) -> _Process:
        owner = self._of[thread]
        if owner not in self._processes:
            self._processes[owner] = _Process(owner, self._ledger, self._cpu, Memory(owner), self)
        return self._processes[owner]

    def _begin(self, thread: int, number: int, words: Sequence[int]) -> None:
        registers = words[: len(self._ledger.abi.arguments)]
        rows = self._table.get(number, ())
        variant = next((row for row in rows if row.fits(registers)), rows[0] if rows else None)
        if variant is not None:
            registers = registers[: len(variant.registers)]
        self._calls[thread] = _Begun(number, variant, registers, self._values(thread, variant, registers))
        if variant is not None and variant.operation is not None and variant.operation.result == "never":
            self._end(thread, None)

    def _values(self, thread: int, variant: Variant | None, registers: Sequence[int]) -> list[Any] | None:
        """What the call takes, read before it changes it; None where something is not there."""
        if variant is None or variant.operation is None:
            return None
        space: Any = self._process(thread).space
        try:
            return [decode(space, registers) for decode in variant.decoders]
        except (BadAddress, Failed):
            return None

    def _end(self, thread: int, result: int | None) -> None:
        begun = self._calls.pop(thread)
        error = None
        if result is not None:
            result -= 1 << 64 if result >> 63 else 0
            error = self._errors.get(-result) if -LARGEST_ERROR <= result < 0 else None
        ended = Ended(begun.number, begun.variant, begun.registers, begun.values, result, error, thread)
        self._tell(self._process(thread).describer.describe(ended))


def _leader(thread: int) -> int:
    """The process that a thread is of."""
    with open(f"/proc/{thread}/status", encoding="utf-8") as file:  # noqa: PTH123 - not a file
        return next(int(line.split()[1]) for line in file if line.startswith("Tgid:"))
