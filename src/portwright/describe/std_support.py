"""How far a ledger carries std: for each operation whether it works, what stands in for it, and what is missing.

Judges the ledger's data alone; whether the kernel keeps to it only a run can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from portwright.describe import std_needs, std_threads
from portwright.describe.ledger import Ledger
from portwright.describe.operation import Family, Operation, vocabulary

State = Literal["works", "stand-in", "poorer", "missing", "lacking"]


@dataclass(frozen=True, slots=True)
class Support:
    """One operation.

    `works`: a call means it, and the ledger has what std needs besides. `lacking`: a call means it, but `lacks`
    is not in the ledger. `missing`: no call means it. `stand-in`: none does, but others serve as well.
    `poorer`: none does, and std goes on with less. `remarks` say what else a porter should know.
    """

    operation: str
    family: Family
    weight: int
    state: State
    unlocks: tuple[str, ...]
    call: str | None = None
    lacks: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Whether offering the operation would give std something."""
        return self.state in ("poorer", "missing", "lacking")


@dataclass(frozen=True, slots=True)
class Without:
    """How std's layer does without an operation: the operations that serve instead, or what is worse."""

    remark: str
    instead: tuple[str, ...] = ()


WITHOUT: Mapping[str, Without] = {
    "close_directory": Without("a directory is closed as a file is", ("close",)),
    "descriptor_flags": Without("nothing of std asks for them"),
    "duplicate_to": Without("spawn gives a program its streams", ("spawn",)),
    "execute": Without("spawn starts programs", ("spawn",)),
    "fill_random": Without("HashMap's keys come from a clock and from addresses: an attacker can guess them"),
    "futex_wait": Without("who waits for a lock looks again and again"),
    "futex_wake": Without("who waits for a lock looks again and again"),
    "fork": Without("spawn starts programs", ("spawn",)),
    "map_memory": Without("the heap grows with the data segment", ("set_break",)),
    "open_at": Without("std::fs::remove_dir_all goes by paths: a link put in its way is followed"),
    "open_directory": Without("a directory is opened as a file is", ("open",)),
    "poll": Without(
        "std::process::Command::output reads with a thread for each output, or one after the other"
    ),
    "read_vectored": Without("one buffer is read at a time", ("read",)),
    "remove_at": Without("std::fs::remove_dir_all goes by paths: a link put in its way is followed"),
    "set_break": Without("the heap is mapped", ("map_memory",)),
    "set_descriptor_flags": Without("only O_CLOEXEC keeps an open file from programs that are started"),
    "set_socket_option": Without("timeouts are waited for with `poll`, and no option of a socket can be set"),
    "set_thread_pointer": Without("thread-locals are statics: there is one thread, and no destructor runs"),
    "signal_action": Without("writing to a pipe that nobody reads does what the system does by default"),
    "sleep": Without("std::thread::sleep watches the clock until it is time", ("clock_read",)),
    "spawn": Without("a copy of the process becomes the program", ("fork", "execute")),
    "status_at": Without("std asks by path instead", ("link_status",)),
    "sync_data": Without("a file's status is synced with its bytes", ("sync_file",)),
    "terminal_status": Without("nothing is a terminal"),
    "thread_affinity": Without("std::thread::available_parallelism is an error"),
    "thread_clone": Without("threads are created at a function", ("thread_create", "thread_exit")),
    "thread_create": Without("threads are cloned", ("thread_clone", "thread_exit")),
    "thread_id": Without("the message of a panic does not tell the system's number of the thread"),
    "thread_join": Without("a word that is cleared says when a thread is over", ("thread_exit",)),
    "thread_name": Without("who looks from outside sees no names of threads"),
    "unmap_memory": Without("memory once taken stays with the heap"),
    "write_vectored": Without("one buffer is written at a time", ("write",)),
    "yield_now": Without("std::thread::yield_now does nothing"),
}

# Of each row one is needed, or no program of std runs.
ESSENTIAL: tuple[tuple[str, ...], ...] = (("write",), ("map_memory", "set_break"), ("exit",))

# What no operation of the vocabulary means yet: std says `Unsupported`, whatever a ledger offers.
BEYOND: Mapping[str, str] = {
    "std::panic::catch_unwind": "unless std is built with `--panic unwind`: a panic ends the process with status 101",
}


def support(ledger: Ledger) -> tuple[Support, ...]:
    """Every operation of the vocabulary: what pays most first, then by name."""
    usable = {name for name in ledger.offers if name in vocabulary() and not _lacks(ledger, name)}
    rows = (_support(ledger, operation, usable) for operation in vocabulary().values())
    return tuple(sorted(rows, key=lambda row: (-row.weight, row.operation)))


def runs(rows: tuple[Support, ...]) -> bool:
    """Whether any program of std can run at all."""
    works = {row.operation for row in rows if row.state == "works"}
    return all(works & set(ways) for ways in ESSENTIAL)


def _lacks(ledger: Ledger, name: str) -> tuple[str, ...]:
    _, call = ledger.offers[name]
    symbol = (f"a number: std's layer cannot call `{call.symbol}` yet",) if call.number is None else ()
    return (*symbol, *std_needs.lacks(ledger, vocabulary()[name]))


def _support(ledger: Ledger, operation: Operation, usable: set[str]) -> Support:
    def row(state: State, **more: str | tuple[str, ...] | None) -> Support:
        return Support(operation.name, operation.family, operation.weight, state, operation.unlocks, **more)  # type: ignore[arg-type]

    name = operation.name
    if name in usable:
        return row("works", call=ledger.offers[name][0], remarks=_remarks(ledger, operation))
    if name == "set_thread_pointer" and ledger.entry.thread_pointer.set_by == "os":
        return row("stand-in", remarks=("the OS sets the thread pointer itself",))
    if name == "set_thread_pointer" and ledger.entry.thread_pointer.through == "register":
        return row("stand-in", remarks=("the thread pointer is a register that programs write",))
    call, lacks = (ledger.offers[name][0], _lacks(ledger, name)) if name in ledger.offers else (None, ())
    without = WITHOUT.get(name)
    if without is not None and without.instead and usable.issuperset(without.instead):
        return row("stand-in", call=call, lacks=lacks, remarks=(without.remark,))
    if without is not None and not without.instead:
        return row("poorer", call=call, lacks=lacks, remarks=(without.remark,))
    return row("lacking" if call else "missing", call=call, lacks=lacks)


def _remarks(ledger: Ledger, operation: Operation) -> tuple[str, ...]:
    """What works less well than the operation's name promises."""
    _, call = ledger.offers[operation.name]
    wanted = std_needs.need(operation.name)
    found = [_BY_HAND.get(name, f"does nothing for {name}") for name in call.ignores]
    absent = [
        name
        for name in wanted.better
        if ledger.constant(name, call) is None and name not in call.ignores and name not in _OPTIONAL
    ]
    absent += [lack for layout in wanted.better_layouts for lack in std_needs.absent(ledger, layout)]
    if absent:
        found.append(f"without {', '.join(absent)}")
    found += [remark for test, remark in _REMARKS.get(operation.name, ()) if test(ledger)]
    return tuple(found)


_BY_HAND = {
    "O_EXCL": "O_EXCL does nothing: File::create_new asks first, and two programs at once may both succeed",
    "O_TRUNC": "O_TRUNC does nothing: the file is cut after it is opened",
}
_OPTIONAL = frozenset({"O_CLOEXEC", "O_DIRECTORY"})
_ALONE = (
    (
        lambda ledger: std_threads.threads(ledger) is None,
        "std::thread::spawn is Unsupported: a thread also needs `thread_exit` and a thread pointer of its own",
    ),
)
_REMARKS: Mapping[str, tuple[tuple[Callable[[Ledger], bool], str], ...]] = {
    "thread_clone": _ALONE,
    "thread_create": _ALONE,
    "create_pipe": (
        (
            lambda ledger: ledger.processes.full_pipe == "takes-nothing",
            "a full pipe takes nothing: Write::write_all fails there with WriteZero, and nobody waits",
        ),
    ),
    "wait": (
        (
            lambda ledger: ledger.processes.children == "run-when-waited-for",
            "a child runs only while it is waited for: Child::try_wait waits, and why a program did not start is "
            "known only as far as its file shows",
        ),
        (
            lambda ledger: ledger.processes.wait_status.signal is None,
            "no status tells of a signal: a child that one ended seems to have ended itself",
        ),
    ),
    "clock_read": (
        (
            lambda ledger: "realtime" not in ledger.clocks or ledger.clocks["realtime"].epoch == "boot",
            "no clock counts from 1970: SystemTime::now is the time since boot",
        ),
        (
            lambda ledger: "monotonic" not in ledger.clocks,
            "Instant reads the realtime clock, which may be set back",
        ),
    ),
}
