"""What a run shows, of the userland machine or of a whole machine, as values that judging and tracing read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Called:
    """A system call that ended: decoded arguments (name, text) and the result as the guest saw it.

    `error` is the error's name where the call failed; `seconds` since the start of the run. `injected` is the
    rule (`write=EIO,once`) that made the call fail or do less than it was asked for. `process` and `thread` say
    whose call it was, where there has been more than one thread.
    """

    name: str
    number: int
    arguments: tuple[tuple[str, str], ...]
    result: int | None
    error: str | None = None
    operation: str | None = None
    seconds: float = 0.0
    injected: str | None = None
    process: int | None = None
    thread: int | None = None


@dataclass(frozen=True, slots=True)
class Wrote:
    """Bytes that the guest wrote to its standard output or error."""

    stream: Literal["stdout", "stderr"]
    data: bytes


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a backtrace; `symbol` demangled, `line` as `file:line` where debug information has it.

    `guess`: found on the stack because it looks like a return address, not by unwinding.
    """

    address: int
    symbol: str | None = None
    offset: int = 0
    line: str | None = None
    guess: bool = False


@dataclass(frozen=True, slots=True)
class ThreadState:
    """A thread that waits: its process's and its own number, its name if it has one, for what, and where."""

    process: int
    thread: int
    name: str
    waits_for: str
    backtrace: tuple[Frame, ...] = ()


def _frames(backtrace: tuple[Frame, ...]) -> list[str]:
    rows = []
    for number, frame in enumerate(backtrace):
        symbol = f"{frame.symbol}+{frame.offset:#x}" if frame.symbol else "?"
        place = f" ({frame.line})" if frame.line else ""
        doubt = " - a guess: it looks like a return address on the stack" if frame.guess else ""
        rows.append(f"  #{number} {frame.address:#x} {symbol}{place}{doubt}")
    return rows


@dataclass(frozen=True, slots=True)
class Report:
    """What went wrong in a guest, for a person: `what` happened, where, and what to do (`advice`).

    `threads` where it is about all of them (a deadlock).
    """

    kind: Literal[
        "unknown-call",
        "not-offered",
        "bad-pointer",
        "stack-overflow",
        "illegal-instruction",
        "bad-access",
        "divide",
        "breakpoint",
        "alignment",
        "memory-limit",
        "time-limit",
        "output-limit",
        "files-limit",
        "processes-limit",
        "signal",
        "deadlock",
        "cannot-load",
        "engine-died",
        "other",
    ]
    what: str
    instruction: str = ""
    backtrace: tuple[Frame, ...] = ()
    calls: tuple[Called, ...] = ()
    advice: str = ""
    threads: tuple[ThreadState, ...] = ()

    def text(self) -> str:
        """The report as lines for a person."""
        rows = [self.what]
        if self.instruction:
            rows.append(f"  instruction: {self.instruction}")
        rows += _frames(self.backtrace)
        for thread in self.threads:
            name = f" `{thread.name}`" if thread.name else ""
            rows.append(f"  thread {thread.process}:{thread.thread}{name} waits for {thread.waits_for}")
            rows += [f"  {row}" for row in _frames(thread.backtrace)]
        for call in self.calls:
            arguments = ", ".join(f"{name}={text}" for name, text in call.arguments)
            ended = call.error or ("?" if call.result is None else str(call.result))
            rows.append(f"  call: {call.name}({arguments}) = {ended}")
        if self.advice:
            rows.append(f"  what to do: {self.advice}")
        return "\n".join(rows)


@dataclass(frozen=True, slots=True)
class Exited:
    """The guest ended by itself with a status (0 to 255)."""

    status: int


@dataclass(frozen=True, slots=True)
class Died:
    """The guest was ended: by a fault (`signal` is the POSIX number that a shell would add to 128) or by a
    limit (`signal` 9, or 24 for time)."""

    signal: int
    report: Report


RunEvent = Called | Wrote | Report | Exited | Died


@dataclass(frozen=True, slots=True)
class Injected:
    """What came of one rule of a run's faults: how many calls it `matched`, and how many of them it `struck`."""

    rule: str
    matched: int
    struck: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """What a fault takes from the trust in a run's output: `stream` is the standard stream whose calls failed,
    `closed`: as though it were closed, so that std drops what is written to it and says nothing. `harmless`: a
    program that goes on as it must shows nothing of the fault."""

    stream: int | None = None
    closed: bool = False
    harmless: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """The whole of a captured run.

    `preemptions`: how often a thread had to give way because its time slice was over. Where it is 0, the same
    seed (and a virtual clock) gives the same run again.
    """

    end: Exited | Died
    stdout: bytes = b""
    stderr: bytes = b""
    reports: tuple[Report, ...] = ()
    calls: tuple[Called, ...] = field(default=(), repr=False)
    seconds: float = 0.0
    peak_memory: int = 0
    faults: tuple[Injected, ...] = ()
    preemptions: int = 0

    @property
    def status(self) -> int:
        """The exit status as a shell would say it."""
        return self.end.status if isinstance(self.end, Exited) else 128 + self.end.signal


TestOutcome = Literal["passed", "failed", "ignored", "crashed", "hung", "not-run"]


@dataclass(frozen=True, slots=True)
class TestResult:
    """What came of one test: `detail` says why it did not pass; `seconds` by the host's clock.

    `crashed`: it ended its guest; `hung`: it was still running at its time limit; `not-run`: it was to be run, and
    the guest could not be started or ended before it.
    """

    __test__: ClassVar[bool] = False  # nothing for pytest to collect

    name: str
    result: TestOutcome
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class MachineStarted:
    """A machine began: `kind` as `[machine.NAME] kind`; `how`: the accelerator or what else says how it runs;
    `slowness`: what its deadlines are multiplied by; `command`: a line that starts it by hand."""

    at: float
    kind: str
    how: str
    slowness: float = 1.0
    command: str = ""


@dataclass(frozen=True, slots=True)
class ConsoleOutput:
    """Bytes that the machine's console showed, `at` seconds after its start."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class ConsoleInput:
    """Bytes that were typed at the console."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Ticked:
    """Nothing happened until now: time passes, and deadlines with it."""

    at: float


@dataclass(frozen=True, slots=True)
class MachineReset:
    """The machine was reset and goes on; `by_guest`: the guest did that, on purpose or by a triple fault."""

    at: float
    reason: str
    by_guest: bool = True


@dataclass(frozen=True, slots=True)
class Cpu:
    """One CPU as it was found: the program counter in `samples` (the latest last), where it stands, and whether it
    sleeps (`halted`) and can be woken (`interrupts`: they are let through)."""

    number: int
    samples: tuple[int, ...]
    halted: bool = False
    interrupts: bool = True
    backtrace: tuple[Frame, ...] = ()
    mode: str = ""


@dataclass(frozen=True, slots=True)
class CpusSampled:
    """What the CPUs were doing during a silence.

    `state`: `dead` (all sleep, and no interrupt can wake them), `spinning` (one goes round in one place), `idle`
    (all sleep until an interrupt comes), `running` (elsewhere each time), `unknown` (they could not be asked).
    `notes`: what else the machine tells, as the interrupts that came meanwhile.
    """

    at: float
    state: Literal["dead", "spinning", "idle", "running", "unknown"]
    cpus: tuple[Cpu, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MachineEnded:
    """The machine is gone.

    `how`: `powered-off` (the guest asked for it), `reset` (the guest reset it, and it does not start again),
    `triple-fault`, `killed` (from outside, by a signal), `exited` (by itself, with `status`), `not-started`, `closed`
    (the console or the transcript just ends: nothing says why), `stopped` (by us). `words`: its own last words.
    """

    at: float
    how: Literal[
        "powered-off", "reset", "triple-fault", "killed", "exited", "not-started", "closed", "stopped"
    ]
    status: int | None = None
    words: str = ""
    cpu: Cpu | None = None


MachineEvent = (
    MachineStarted | ConsoleOutput | ConsoleInput | Ticked | MachineReset | CpusSampled | MachineEnded
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a command. `status` is None where the shell does not tell it; `noise` are the lines that were not
    the command's; `ended` is false where it was still running at its time limit, or the machine was gone."""

    command: str
    output: str
    status: int | None = None
    noise: tuple[str, ...] = ()
    seconds: float = 0.0
    ended: bool = True
