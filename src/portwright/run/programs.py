"""Processes from processes: a copy (fork), another program in the same one (execute), and a fresh one (spawn).

What every process of a machine has in common is kept here; what they are asked to do is `operations/`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence

from portwright.describe.cpu import Cpu
from portwright.describe.ledger import Ledger
from portwright.run import entry, loader
from portwright.run.address_space import AddressSpace
from portwright.run.engine import Engine
from portwright.run.events import Died, Report
from portwright.run.failure import EndRun, Failed
from portwright.run.file_table import FileTable
from portwright.run.files import Directory
from portwright.run.futexes import Futexes
from portwright.run.hostility import Hostility
from portwright.run.kernel import Kernel
from portwright.run.limits import Limits, files_report, memory_report, processes_end, processes_report
from portwright.run.loader import CannotLoad, Image, Rules
from portwright.run.process import Process
from portwright.run.root import Root

SIGKILL = 9
PIECE = 1 << 20
LONGEST_STRINGS = 1 << 17


class Programs:
    """Makes a machine's processes. `furnish` gives one what serves its calls; `new_engine` makes an empty engine."""

    def __init__(
        self,
        kernel: Kernel,
        root: Root,
        limits: Limits,
        hostility: Hostility,
        rules: Rules,
        ledger: Ledger,
        cpu: Cpu,
        new_engine: Callable[[], Engine],
        furnish: Callable[[Process, Image], None],
    ) -> None:
        self.rules = rules
        self._kernel = kernel
        self._root = root
        self._limits = limits
        self._hostility = hostility
        self._ledger = ledger
        self._cpu = cpu
        self._new_engine = new_engine
        self._furnish = furnish
        self._refused = 0
        kernel.programs = self

    # --- making one

    def first(self, image: Image, path: str | None) -> Process:
        """The process that a run begins with, before it has files or memory; `path` is its program's in the root."""
        process = self._process(self._new_engine(), self._hostility.number(2, 30_000, kind=2))
        if path is not None:
            self._name(process, os.fsencode(path))
        self._kernel.add(process)
        self._take(process, image)
        return process

    def _name(self, process: Process, path: bytes) -> None:
        """Make the OS's own link to a process's program lead there, where it has one."""
        how = self._ledger.entry.executable
        if how is not None and how.link is not None:
            whole = path if path.startswith(b"/") else process.files.current_path().rstrip(b"/") + b"/" + path
            process.files.executable = (os.fsencode(how.link), whole)

    def load(
        self,
        process: Process,
        image: Image,
        path: bytes,
        arguments: Sequence[bytes],
        variables: Sequence[bytes],
    ) -> None:
        """Put a program into an empty address space, ready for its first instruction; raises `CannotLoad`."""
        loader.place(image, process.space)
        given = entry.Given(arguments, variables, path=path)
        entry.prepare(image, self._ledger, self._cpu, process.space, self._hostility, given)

    def _process(self, engine: Engine, number: int) -> Process:
        limits, kernel = self._limits, self._kernel
        complaints: list[tuple[str, str, str]] = []

        def complain(report: Report) -> None:
            complaints.append((report.kind, report.what, report.advice))

        def complain_of_memory(asked: int) -> None:
            complain(memory_report(asked, kernel.memory.used, limits.memory))

        bits, memory = self._cpu.pointer_bits, self._ledger.memory
        space = AddressSpace(
            engine, memory, bits, self._hostility, limits.memory, complain_of_memory, kernel.memory
        )
        on_files = lambda: complain(files_report(limits.files))  # noqa: E731
        files = FileTable(self._root, self._hostility, limits.files, on_files)
        return Process(
            engine,
            self._ledger,
            self._cpu,
            space,
            files,
            kernel.clocks,
            self._hostility,
            kernel.watch,
            limits,
            number,
            complaints=complaints,
        )

    def _take(self, process: Process, image: Image) -> None:
        process.image = image
        self._furnish(process, image)

    # --- what the operations do

    def fork(self, parent: Process) -> Process:
        """A copy of a process, with the calling thread alone; raises `Failed` (EAGAIN, ENOMEM)."""
        self._check_room(parent)
        parent.space.check_room(parent.space.used)
        engine = parent.engine.fork()
        child = self._process(engine, self._kernel.new_id())
        child.space.copy_books(parent.space)
        parent.files.copy_to(child.files)
        child.files.current, child.files.executable = parent.files.current, parent.files.executable
        child.signals = parent.signals.copied(child)
        child.parent = parent
        engine.set(parent.dispatcher.returned(0))
        self._kernel.add(child, runs=self._ledger.processes.children == "run")
        assert parent.image is not None
        self._take(child, parent.image)
        return child

    def execute(
        self, process: Process, path: bytes, arguments: Sequence[bytes], variables: Sequence[bytes]
    ) -> None:
        """Replace a process's program; raises `Failed` as long as the old one is still whole."""
        path = process.files.followed(path)
        image = self._image(process.files, path, arguments, variables)
        self._kernel.leave_alone(process.thread)
        process.engine.reset()
        process.space.clear()
        process.files.start_program()
        process.signals.start_program()
        process.futexes = Futexes(process)
        thread = process.thread
        thread.name, thread.clear_word = "", 0
        self._take(process, image)
        process.halt = thread.settled = True
        try:
            self._name(process, path)
            self.load(process, image, path, arguments, variables)
        except CannotLoad as error:
            process.finish(Died(SIGKILL, error.report))

    def spawn(
        self,
        parent: Process,
        path: bytes,
        arguments: Sequence[bytes],
        variables: Sequence[bytes],
        directory: bytes | None,
        streams: Sequence[int],
    ) -> Process:
        """A program in a new process, whose only files are its standard streams: those numbers of the parent's
        (-1: the stream itself, where it is open)."""
        self._check_room(parent)
        given = [(fd, parent.files.get(number)) for fd, number in enumerate(streams) if number >= 0]
        given += [
            (fd, parent.files.get(fd))
            for fd in parent.files.numbers()
            if fd < len(streams) and streams[fd] < 0
        ]
        child = self._process(self._new_engine(), self._kernel.new_id())
        try:
            child.files.current = parent.files.current
            if directory is not None:
                child.files.change_directory(directory)
            path = parent.files.followed(path)
            image = self._image(child.files, path, arguments, variables)
            for fd, file in given:
                child.files.put(fd, file)
            child.parent = parent
            self._kernel.add(child)
            self._take(child, image)
            self._name(child, path)
            self.load(child, image, path, arguments, variables)
        except CannotLoad:
            self._kernel.forget(child)
            raise Failed("ENOMEM") from None
        except BaseException:
            self._kernel.forget(child)
            raise
        return child

    # --- below

    def _check_room(self, process: Process) -> None:
        """Raise `Failed` (EAGAIN) where there are too many processes, and end a run that keeps on asking."""
        limit = self._limits.processes
        if len(self._kernel.processes) < limit:
            return
        report = processes_report(limit)
        self._refused += 1
        if self._refused > limit:
            raise EndRun(processes_end(limit))
        process.complain(report.kind, report.what, report.advice)
        raise Failed("EAGAIN")

    def _image(
        self, files: FileTable, path: bytes, arguments: Sequence[bytes], variables: Sequence[bytes]
    ) -> Image:
        """The program that a path names; raises `Failed` with the reason why it cannot be started."""
        size = sum(len(text) + 1 + self._cpu.pointer_size for text in (*arguments, *variables))
        if size > min(LONGEST_STRINGS, self._ledger.memory.stack_size // 2):
            raise Failed("E2BIG")
        data = _program(files, path)
        try:
            return loader.plan(data, os.fsdecode(path.rsplit(b"/", 1)[-1]), self.rules)
        except CannotLoad:
            raise Failed("ENOEXEC") from None


def _program(files: FileTable, path: bytes) -> bytes:
    """The bytes of a file that may be executed."""
    file = files.open_file(path, os.O_RDONLY)
    try:
        mode = file.status()["st_mode"]
        if isinstance(file, Directory) or not stat.S_ISREG(mode) or not mode & 0o111:
            raise Failed("EACCES")
        pieces: list[bytes] = []
        while piece := file.contents(sum(map(len, pieces)), PIECE):
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        file.close()
