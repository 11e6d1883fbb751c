"""The processes of a build out of the recorders' events: who started whom, which programs each became, and when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from portwright.build import event_log as on
from portwright.build.trade import Call

FileEvent = on.Open | on.Moved | on.Symlinked | on.Changed | on.Hashed | on.Net
"""What happens to files, and on the network."""

SYSTEM_FILES = ("/usr/", "/lib", "/etc/", "/dev/", "/proc/", "/sys/")
"""What every program reads when it starts."""

JOIN_WITHIN = 2_000_000_000
"""Nanoseconds that may lie between the two recorders' sight of one call."""


@dataclass(slots=True, eq=False)
class Image:
    """What a process is between two execs; without a call it is still a copy of its parent.

    `shim`: the wrapper, which becomes the real program or starts it. `read`: it read more than what is the system's.
    """

    call: Call | None = None
    fds: tuple[str, str, str] = ("", "", "")
    began: int = 0
    shim: bool = False
    forked: bool = False
    wrote: set[str] = field(default_factory=set)
    read: bool = False


@dataclass(slots=True, eq=False)
class Process:
    """A process from its start to its end."""

    pid: int
    parent: Process | None = None
    began: int = 0
    images: list[Image] = field(default_factory=lambda: [Image()])
    children: list[Process] = field(default_factory=list)
    exit: on.Exit | None = None
    wraps: list[on.Wrap] = field(default_factory=list)
    answers: list[on.Answer] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    traced: bool = False

    @property
    def root_image(self) -> int:
        """Where its own work begins: behind what only led to the program that does it (a wrapper, `env`, `sh -c`).

        What came before may have opened the files that became its first three descriptors, and done nothing else.
        """
        for at in range(len(self.images) - 1, 0, -1):
            before, image = self.images[:at], self.images[at]
            if not any(one.forked or one.wrote - set(image.fds) for one in before):
                return at
        return 0

    @property
    def image(self) -> Image:
        """The image whose command does the work."""
        return self.images[self.root_image]

    @property
    def ended(self) -> int | None:
        """When it ended, or None where that was not seen."""
        return self.exit.t if self.exit else None

    def below(self) -> Iterator[Process]:
        """Itself and all processes that it led to."""
        waiting = [self]
        while waiting:
            process = waiting.pop()
            yield process
            waiting += reversed(process.children)


@dataclass(slots=True)
class Happening:
    """A file's or a network's event, with the process and the image of it in which it happened."""

    event: FileEvent
    process: Process
    image: int


@dataclass(slots=True)
class Tree:
    """All processes in the order in which they began, and what happened in the order of time."""

    processes: list[Process] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    last: int = 0

    @property
    def roots(self) -> list[Process]:
        """The processes whose parent was not seen: the recorded command."""
        return [process for process in self.processes if process.parent is None]


def variables(env: Iterable[str]) -> dict[str, str]:
    """The environment of its `NAME=VALUE` words; the first of a name counts, as with getenv."""
    found: dict[str, str] = {}
    for word in env:
        name, equals, value = word.partition("=")
        if equals and name:
            found.setdefault(name, value)
    return found


class _Maker:
    def __init__(self, shims: Collection[str]) -> None:
        self.tree = Tree()
        self.live: dict[int, Process] = {}
        self.shims = tuple(shims) or ("\0",)
        self.environments: dict[tuple[str, ...], dict[str, str]] = {}

    def process(self, pid: int, time: int) -> Process:
        """The process that has that number now."""
        found = self.live.get(pid)
        if found is None:
            found = self.live[pid] = Process(pid, began=time)
            self.tree.processes.append(found)
        return found

    def take(self, event: on.Event) -> None:
        match event:
            case on.Fork(time, pid, child):
                parent = self.process(pid, time)
                parent.images[-1].forked = True
                made = self.live[child] = Process(child, parent, time, traced=True)
                parent.children.append(made)
                self.tree.processes.append(made)
            case on.Exec():
                process = self.process(event.pid, event.t)
                process.traced = True
                env = self.environments.setdefault(event.env, variables(event.env))
                call = Call(event.exe, event.argv, env, event.cwd)
                shim = event.exe.endswith(self.shims)
                process.images.append(Image(call, event.fds, event.t, shim))
            case on.Exit():
                self.process(event.pid, event.t).exit = event
                self.live.pop(event.pid, None)
            case on.Lost(time, pid, why):
                self.process(pid, time).lost.append(why)
            case on.Open() | on.Moved() | on.Symlinked() | on.Changed() | on.Hashed() | on.Net():
                self._happen(event)
        self.tree.last = max(self.tree.last, event.t)

    def _happen(self, event: FileEvent) -> None:
        process = self.process(event.pid, event.t)
        image = process.images[-1]
        match event:
            case on.Open(_, _, mode, path) if mode in "wa":
                image.wrote.add(path)
            case on.Open(mode="r", path=path) if not path.startswith(SYSTEM_FILES):
                image.read = True
            case on.Moved(kind="exchange", old=path, new=other):
                image.wrote |= {path, other}
            case on.Moved(new=path) | on.Symlinked(path=path) | on.Changed(path=path):
                image.wrote.add(path)
        self.tree.happenings.append(Happening(event, process, len(process.images) - 1))


def make(traced: Iterable[on.Event], wrapped: Iterable[on.Event], shims: Collection[str] = ()) -> Tree:
    """The tree of what the trace saw, joined with what the wrapper saw; either may have seen nothing.

    `shims` are the executables that are the wrapper itself.
    """
    maker = _Maker(shims)
    for event in traced:
        maker.take(event)
    _join(maker.tree, (event for event in wrapped if isinstance(event, on.Wrap | on.Answer)))
    return maker.tree


def _join(tree: Tree, wrapped: Iterable[on.Wrap | on.Answer]) -> None:
    """Put what the wrapper saw to its process: by number and time. A process that only it saw is a new one."""
    by_pid: dict[int, list[Process]] = {}
    for process in tree.processes:
        by_pid.setdefault(process.pid, []).append(process)
    for event in wrapped:
        found = _at(by_pid.get(event.pid, ()), event.t)
        if isinstance(event, on.Wrap):
            if found is None:
                found = _unseen(event, _at(by_pid.get(event.parent, ()), event.t))
                tree.processes.append(found)
                by_pid.setdefault(event.pid, []).append(found)
            found.wraps.append(event)
        elif found is not None:
            found.answers.append(event)
            if found.exit is None and not found.traced:
                found.exit = on.Exit(event.t, event.pid, event.status, 0, 0, 0)


def _unseen(event: on.Wrap, parent: Process | None) -> Process:
    """A process that the trace did not see."""
    process = Process(event.pid, parent, event.t)
    call = Call(event.argv[0] if event.argv else "", event.argv, variables(event.env), event.cwd)
    process.images.append(Image(call, began=event.t))
    if parent is not None:
        parent.children.append(process)
    return process


def _at(candidates: Sequence[Process], time: int) -> Process | None:
    """The process of those with one number that lived at that time."""
    for process in candidates:
        ended = process.ended
        if process.began - JOIN_WITHIN <= time and (ended is None or time <= ended + JOIN_WITHIN):
            return process
    return None
