"""Run a program of a port in the userland machine: a binary, a Cargo package, a `.rs` file, or a program by name.

Sources are built first. The exit status is the program's own (128 and more: ended by a signal); 125 is a
failure of portwright. Unkind by default: what the OS does not promise is not given; `--kind` turns that off.
`--on kernel` runs it without the machine, where the port's system calls are those of this kernel; no sandbox then.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from portwright.base.errors import BadInput, Fault, Where, fail, raise_if
from portwright.base.events import Event, Note
from portwright.describe import port as ports
from portwright.describe.port import Port, Program
from portwright.jobs import Arg
from portwright.run import fault_rule, machine, on_kernel
from portwright.run import options as asked
from portwright.run.events import Died, Outcome
from portwright.run.fault_rule import Rule
from portwright.run.limits import Limits
from portwright.run.options import Options
from portwright.run.root import Share

VERB = "run"
FAILURE_STATUS = 125


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright run` can be told; options come before the program."""

    port: Annotated[str, Arg("The port: a bundled name or a folder.", positional=True)]
    program: Annotated[
        str, Arg("A binary, a Cargo package folder, a .rs file, or a program of the port.", positional=True)
    ]
    args: Annotated[
        tuple[str, ...], Arg("The program's arguments.", positional=True, rest=True, metavar="[ARGS]...")
    ] = ()
    ledger: Annotated[str | None, Arg("The port's ledger of that name.", metavar="VARIANT")] = None
    engine: Annotated[str | None, Arg("What runs the instructions: native or unicorn.", metavar="NAME")] = (
        None
    )
    on: Annotated[
        str,
        Arg(
            "Where: in the userland machine, or on this machine's own kernel.", choices=("machine", "kernel")
        ),
    ] = "machine"
    root: Annotated[Path | None, Arg("The program's root folder (else a fresh one).", metavar="DIR")] = None
    share: Annotated[
        tuple[str, ...], Arg("Show the program a folder: HOST=GUEST, or HOST=GUEST:ro.", metavar="HOST=GUEST")
    ] = ()
    at: Annotated[
        str | None, Arg("Put the program itself there in its root; that is its name then.", metavar="GUEST")
    ] = None
    install: Annotated[
        tuple[str, ...], Arg("Put a program there that it may start: HOST=GUEST.", metavar="HOST=GUEST")
    ] = ()
    cwd: Annotated[str, Arg("The program's current directory, in its root.", metavar="GUEST")] = "/"
    env: Annotated[tuple[str, ...], Arg("Set a variable for the program.", metavar="NAME=VALUE")] = ()
    kind: Annotated[bool, Arg("Give also what the OS does not promise (no hostile behaviour).")] = False
    seed: Annotated[int | None, Arg("Repeat the choices of an earlier run.", metavar="N")] = None
    clock: Annotated[
        str, Arg("Clocks that follow the host's, or their own.", choices=("real", "virtual"))
    ] = "real"
    network: Annotated[
        str, Arg("The program's network: its own loopback, or none.", choices=("loopback", "none"))
    ] = "loopback"
    trace: Annotated[
        str, Arg("Show each system call: text, or json.", choices=("", "text", "json"), bare="text")
    ] = ""
    trace_file: Annotated[Path | None, Arg("Where the trace goes (else standard error).", metavar="FILE")] = (
        None
    )
    faults: Annotated[
        tuple[str, ...], Arg("Make calls fail, as in write=EIO,nth=3.", metavar="CALL=ERROR[,WHEN]")
    ] = ()
    memory: Annotated[str, Arg("The most memory that it may have.", metavar="SIZE")] = "1G"
    time: Annotated[float | None, Arg("The most seconds that it may take.", metavar="SECONDS")] = None
    cpu_time: Annotated[float | None, Arg("The most seconds of CPU time.", metavar="SECONDS")] = None
    open_files: Annotated[int, Arg("The most files that it may have open.", metavar="N")] = 256
    processes: Annotated[int, Arg("The most processes that there may be at once.", metavar="N")] = 128
    output: Annotated[str, Arg("The most bytes that it may write.", metavar="SIZE")] = "4G"
    capture: Annotated[
        bool, Arg("Hold the program's output back, and give it in the result.", with_json=True)
    ] = False


@dataclass(frozen=True, slots=True)
class Result:
    """How the run ended; `seed` repeats its choices. Output is there where it was captured."""

    port: str
    binary: Path
    seed: int
    outcome: Outcome

    @property
    def status(self) -> int:
        """The program's exit status; what cannot be loaded has none, and that is a failure of ours."""
        end = self.outcome.end
        not_started = isinstance(end, Died) and end.report.kind == "cannot-load"
        return FAILURE_STATUS if not_started else self.outcome.status


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Build the program where it is a source, and run it."""
    port = ports.load(arguments.port, arguments.ledger)
    base = _options(arguments, port)
    if arguments.on == "kernel":
        on_kernel.way(port)
    binary, program = yield from _binary(port, arguments.program)
    options = _with_program(base, program)
    seed = options.seed
    assert seed is not None
    yield Note(f"running {binary}", "debug")
    with _trace_target(arguments) as fd:
        go = on_kernel.run_on_kernel if arguments.on == "kernel" else machine.run_program
        outcome = go(port, binary, replace(options, trace_fd=fd))
    return Result(port.target, binary, seed, outcome)


def _binary(port: Port, name: str) -> Generator[Event, None, tuple[Path, Program | None]]:
    """The binary that a name means, built if need be, and the port's program that it is.

    A program of the port comes before a file of the same name: `./NAME` is always the file.
    """
    path = Path(name)
    program = port.program(name)
    if program is not None:
        from portwright.build import goals

        built = yield from goals.build(port, name)
        return _only(built.programs.get(name, ()), name), program
    if path.is_dir() or (path.suffix == ".rs" and path.is_file()):
        from portwright.build import goals

        built = yield from goals.build_crate(port, path)
        return _only(next(iter(built.programs.values()), ()), name), None
    if not path.is_file():
        known = ", ".join(one.name for one in port.manifest.program)
        hint = f"give a binary, a Cargo package folder, a .rs file, or one of the port's programs: {known or 'none'}"
        raise fail(f"there is no program `{name}`", None, hint, "run/program")
    return path, None


def _only(binaries: tuple[Path, ...], name: str) -> Path:
    if not binaries:
        raise fail(
            f"`{name}` makes no program", None, "a crate that is only a library cannot be run", "run/program"
        )
    return binaries[0]


def _options(arguments: Arguments, port: Port) -> Options:
    """The machine's options; raises `BadInput` with everything that is wrong with the arguments."""
    faults: list[Fault] = []
    shares: list[Share] = []
    for text in arguments.share:
        share, wrong = asked.share(text)
        faults += wrong
        shares += [share] if share else []
    faults += asked.place(arguments.at) if arguments.at is not None else []
    programs: dict[str, Path] = {}
    for text in arguments.install:
        program, wrong = asked.program(text)
        faults += wrong
        programs.update([program] if program else [])
    environment: dict[str, str] = {}
    for text in arguments.env:
        name, separator, value = text.partition("=")
        if not separator or not name:
            faults.append(Fault(f"`--env {text}` sets nothing", None, "write --env NAME=VALUE", "run/env"))
        environment[name] = value
    memory = _size(arguments.memory, "--memory", faults)
    output = _size(arguments.output, "--output", faults)
    for option, number in (("--time", arguments.time), ("--cpu-time", arguments.cpu_time)):
        if number is not None and number <= 0:
            faults.append(Fault(f"`{option} {number:g}` leaves no time", None, "give seconds", "run/limit"))
    if arguments.open_files < 1:
        faults.append(Fault(f"`--open-files {arguments.open_files}` allows none", None, None, "run/limit"))
    if arguments.processes < 1:
        faults.append(Fault(f"`--processes {arguments.processes}` allows none", None, None, "run/limit"))
    rules: list[Rule] = []
    for text in arguments.faults:
        rule, wrong = fault_rule.parse(text, port.ledger)
        faults += wrong
        rules += [rule] if rule else []
    raise_if(faults)
    limits = Limits(
        memory, arguments.time, arguments.cpu_time, arguments.open_files, output, arguments.processes
    )
    return Options(
        arguments=arguments.args,
        environment=environment,
        engine=arguments.engine,
        root=arguments.root,
        shares=tuple(shares),
        programs=programs,
        at=arguments.at,
        cwd=arguments.cwd,
        kind=arguments.kind,
        seed=machine.new_seed() if arguments.seed is None else arguments.seed,
        clock="virtual" if arguments.clock == "virtual" else "real",
        network="none" if arguments.network == "none" else "loopback",
        limits=limits,
        capture=arguments.capture,
        trace="json" if arguments.trace == "json" else "text" if arguments.trace else "",
        faults=tuple(rules),
    )


def _size(text: str, option: str, faults: list[Fault]) -> int:
    try:
        return asked.size(text)
    except BadInput as error:
        faults += [Fault(f"{option}: {fault.what}", None, fault.hint, fault.code) for fault in error.faults]
        return 0


def _with_program(options: Options, program: Program | None) -> Options:
    """The options with what port.toml says of a program, where the command line says nothing else."""
    if program is None:
        return options
    return replace(
        options,
        name=program.name,
        arguments=options.arguments or tuple(program.arguments),
        environment={**program.environment, **options.environment},
        files={path: text.encode() for path, text in program.files.items()} if options.root is None else {},
    )


@contextlib.contextmanager
def _trace_target(arguments: Arguments) -> Iterator[int]:
    """The file descriptor that a trace goes to."""
    if arguments.trace_file is None:
        yield 2
        return
    try:
        file = arguments.trace_file.open("wb", buffering=0)
    except OSError as error:
        raise fail(f"cannot write the trace: {error.strerror}", Where(arguments.trace_file)) from error
    with file:
        yield file.fileno()
