"""The guest's process as its system calls see it: memory, files, clocks, randomness, and what it has used.

Operations are given one of these. Nothing here knows how a call is numbered or passed.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from portwright.describe.cpu import Cpu
from portwright.describe.ledger import Ledger
from portwright.run.address_space import AddressSpace
from portwright.run.clocks import Clocks
from portwright.run.decode import IN_REGISTERS
from portwright.run.engine import Access, Engine
from portwright.run.events import Died, Exited
from portwright.run.failure import EndRun, Failed
from portwright.run.file_table import FileTable
from portwright.run.files import OpenFile
from portwright.run.futexes import Futexes
from portwright.run.hostility import Hostility
from portwright.run.limits import Limits, Watch, output_end
from portwright.run.signals import Signals
from portwright.run.structs import Layout

if TYPE_CHECKING:
    from portwright.run.dispatch import Dispatcher
    from portwright.run.kernel import Kernel
    from portwright.run.loader import Image
    from portwright.run.reports import Reporter
    from portwright.run.thread import Thread

# The kinds of file as POSIX names them; where a ledger has no constant of its own the usual value stands.
_FILE_KINDS = {
    stat.S_IFREG: "S_IFREG",
    stat.S_IFDIR: "S_IFDIR",
    stat.S_IFLNK: "S_IFLNK",
    stat.S_IFCHR: "S_IFCHR",
    stat.S_IFBLK: "S_IFBLK",
    stat.S_IFIFO: "S_IFIFO",
    stat.S_IFSOCK: "S_IFSOCK",
}


@dataclass(slots=True)
class Process:
    """One guest. `end` is set when it is over; `complaints` (kind, what, advice) become reports when the call
    that made them is done.

    `thread` is the one whose registers the engine holds: in a call, the caller. `halt` makes the engine stop
    after the call, for the kernel to look what has become of its threads. `unjoined` holds the statuses of
    threads that have ended and that none has waited for. `kernel` and `thread` are set by `Kernel.add`,
    `dispatcher` and `reporter` by who makes a process. `held`: it has not begun to run, and does so only when its parent
    waits (`held_children`).
    """

    engine: Engine
    ledger: Ledger
    cpu: Cpu
    space: AddressSpace
    files: FileTable
    clocks: Clocks
    hostility: Hostility
    watch: Watch
    limits: Limits
    id: int = 2
    end: Exited | Died | None = None
    written: int = 0
    complaints: list[tuple[str, str, str]] = field(default_factory=list)
    halt: bool = False
    held: bool = False
    answers: Mapping[str, int] = field(default_factory=dict)
    threads: dict[int, Thread] = field(default_factory=dict)
    unjoined: dict[int, int] = field(default_factory=dict)
    _layouts: dict[str, Layout] = field(default_factory=dict)
    reporter: Reporter | None = None
    kernel: Kernel = field(init=False)
    thread: Thread = field(init=False)
    dispatcher: Dispatcher = field(init=False)
    futexes: Futexes = field(init=False)
    signals: Signals = field(init=False)
    parent: Process | None = None
    image: Image | None = None

    def __post_init__(self) -> None:
        self.futexes = Futexes(self)
        self.signals = Signals(self)

    @property
    def several(self) -> bool:
        """Whether there has ever been more than one thread, in all processes together."""
        return self.kernel.several

    def finish(self, end: Exited | Died) -> None:
        """End it, with all its threads; what ends it first counts."""
        if self.end is None:
            self.end = end
            self.kernel.ended(self)
        self.halt = True

    def explained(self, end: Died) -> Died:
        """An end by a limit, with where the thread that the engine holds was."""
        return end if self.reporter is None else self.reporter.limit_end(end)

    def close(self) -> None:
        """Give back what it holds of the host; may be called twice."""
        self.files.close_all()
        self.engine.close()

    def complain(self, kind: str, what: str, advice: str) -> None:
        """Say what is wrong with the call that is being served; the guest goes on."""
        self.complaints.append((kind, what, advice))

    def count_output(self, count: int) -> None:
        """Count bytes that left the guest; raises `EndRun` when they are too many."""
        self.written += count
        if self.written > self.limits.output:
            raise EndRun(output_end(self.limits.output))

    def beyond_range(self, length: int) -> bool:
        """Whether a range is longer than the OS takes in one call."""
        limit = self.ledger.memory.buffer_limit
        return limit is not None and length > limit

    def check_buffer(self, address: int, length: int, access: Access) -> None:
        """Hold a buffer against the ledger's limit and the guest's own memory, all of it, as kernels do."""
        if address == IN_REGISTERS:
            return
        if length > self.space.highest or self.beyond_range(length):
            raise Failed("EINVAL")
        if length:
            self.space.check(address, length, access)

    def layout(self, name: str) -> Layout:
        """A struct of the ledger; raises `Failed` (ENOSYS), with a report, where it has none of that name."""
        found = self._layouts.get(name)
        if found is None:
            described = self.ledger.types.get(name)
            if described is None:
                self.complain(
                    "not-offered",
                    f"a call fills a `{name}`, and the ledger does not say how that is laid out",
                    f"add [types.{name}] with its size and fields to the ledger",
                )
                raise Failed("ENOSYS")
            found = self._layouts[name] = Layout(described, self.cpu.endian)
        return found

    def put_struct(self, name: str, address: int, values: Mapping[str, int]) -> None:
        """Write a struct into the guest's memory, or keep it for the registers that it is answered in."""
        if address == IN_REGISTERS:
            self.answers = values
            return
        self.space.write(address, self.layout(name).pack(values))

    def put_status(self, address: int, status: Mapping[str, int]) -> None:
        """Write a file's status, its kind in the ledger's own numbers."""
        self.put_struct("stat", address, {**status, "st_mode": self.mode(status["st_mode"])})

    def mode(self, mode: int) -> int:
        """A POSIX mode with the kind of file as the ledger numbers it."""
        kind = stat.S_IFMT(mode)
        known = self.ledger.constants.get(_FILE_KINDS.get(kind, ""), kind)
        return stat.S_IMODE(mode) | known

    def portion(self, file: OpenFile, length: int) -> int:
        """How much of so many bytes one call moves: in a hostile run fewer now and then, but no part of a datagram."""
        return length if file.borders else self.hostility.shorten(length)

    def broken_pipe(self) -> None:
        """Tell the process that what it wrote to is read by nobody, where that is a signal."""
        if "signal_action" in self.ledger.offers:
            self.signals.deliver("SIGPIPE", why="it wrote to a pipe that nobody reads")

    def interrupted(self) -> bool:
        """Whether a call that waits is to fail with EINTR now, in an OS that has it."""
        return self.ledger.error_number("EINTR") is not None and self.hostility.interrupts()
