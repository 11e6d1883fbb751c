"""Record a build: each command it runs, what that reads and makes, and what it costs, as a plan to replay or emit.

COMMAND is anything: cargo, make, ninja, x.py, a compiler, a script. It runs as always, on this terminal; the exit status
is its own, 125 a failure of portwright. FILE appears whole at its end; until then FILE.events, a private folder, holds
what was seen. After a kill, `portwright record --recover -o FILE` makes of it a recording of the steps that were whole.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from portwright.base.errors import Fault, PortwrightError, Where, fail, raise_if
from portwright.base.events import Begun, Ended, Event, Note
from portwright.base.processes import which
from portwright.build import event_log, recording_folder, tracing
from portwright.build.inner_wrappers import names_in_products
from portwright.build.recording_place import TEMPORARY, WRAPPER, About, roots_of, trades_of
from portwright.build.tool import RECORDING
from portwright.build.trade import Call
from portwright.derive.recording import Impurity, Recording
from portwright.jobs import Arg

VERB = "record"
FAILURE_STATUS = 125


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright record` can be told; options come before the command."""

    command: Annotated[
        tuple[str, ...],
        Arg("The command and its arguments.", positional=True, rest=True, metavar="[--] COMMAND..."),
    ] = ()
    output: Annotated[Path, Arg("The recording's file.", short="o", metavar="FILE")] = Path("recording.json")
    source: Annotated[Path | None, Arg("The root of the sources (else where it runs).", metavar="DIR")] = None
    out: Annotated[Path | None, Arg("Where the build puts what it makes.", metavar="DIR")] = None
    root: Annotated[
        tuple[str, ...], Arg("One more folder whose place does not matter, as NAME=DIR.", metavar="NAME=DIR")
    ] = ()
    not_portable: Annotated[bool, Arg("Leave the folders' names in what compilers make.")] = False
    only: Annotated[str, Arg("Use one of the two recorders only.", choices=("", "trace", "wrapper"))] = ""
    recover: Annotated[bool, Arg("Make the recording of one that was cut off.")] = False


@dataclass(frozen=True, slots=True)
class Result:
    """Where the recording is and what is in it.

    `steps` counts by kind of command, `programs` by who saw them (`trace`, `wrapper`, `trace+wrapper`).
    `impurities` are the recording's own and those of its steps, each with the step's name.
    """

    file: Path
    command: tuple[str, ...]
    command_status: int | None
    ended: bool
    portable: bool
    seconds: float
    roots: Mapping[str, str]
    steps: Mapping[str, int]
    programs: Mapping[str, int]
    probes: int = 0
    left_out: int = 0
    failed: tuple[str, ...] = ()
    impurities: tuple[tuple[str, Impurity], ...] = field(default=())

    @property
    def status(self) -> int:
        """The command's exit status, 128 and more for a signal; of a recording that was recovered, 0."""
        status = self.command_status or 0
        return status if status >= 0 else 128 - status


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Run the command, record it, and write down what was seen."""
    file = Path(os.path.abspath(arguments.output))  # noqa: PTH100 - without `..`
    if arguments.recover:
        with recording_folder.taken(file, left=True) as folder:
            return (yield from _read(file, folder, recording_folder.about_of(folder), None))
    _check(arguments)
    with recording_folder.taken(file) as folder:
        about = yield from _about(arguments)
        recording_folder.begin(folder, about)
        began = time.monotonic()
        process = tracing.start(
            about.command,
            folder,
            traced="trace" in about.recorders,
            wrapped="wrapper" in about.recorders,
            remaps=_remaps(about.roots) if about.portable else None,
            settings=_settings(about),
        )
        recording_folder.recorded_by(folder, process.pid)
        with tracing.forwarding(process):
            import portwright.build.reading  # noqa: F401 - while the command runs: it takes a while

            status = tracing.wait(process)
        yield Ended("command", f"status {status}", time.monotonic() - began)
        return (yield from _read(file, folder, about, status))


def _check(arguments: Arguments) -> None:
    faults = []
    if not arguments.command:
        hint = "write it behind `--`: portwright record -- make"
        faults.append(Fault("there is no command to record", None, hint, "record/no-command"))
    elif which(arguments.command[0]) is None:
        what = f"cannot start `{arguments.command[0]}`: it is not there"
        faults.append(Fault(what, None, "give a program on PATH, or its path", "record/no-program"))
    for text in arguments.root:
        name, equals, folder = text.partition("=")
        if not equals or not folder or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            hint = "write --root NAME=DIR, the name in capitals"
            faults.append(Fault(f"`--root {text}` names no root", None, hint, "record/root"))
        elif name in (WRAPPER, TEMPORARY):
            hint = "take another name" if name == WRAPPER else "take another name, or set TMPDIR"
            faults.append(Fault(f"`--root {text}`: {name} is the recorder's own", None, hint, "record/root"))
    given = {"--source": arguments.source, "--out": arguments.out}
    given |= {f"--root {text}": Path(text.partition("=")[2]) for text in arguments.root if "=" in text}
    for said, path in given.items():
        if path is not None and path.exists() and not path.is_dir():
            faults.append(Fault("it is no folder", Where(path), f"{said} names a folder", "record/root"))
        elif path is not None and not path.exists() and not path.absolute().parent.is_dir():
            hint = f"{said} names a folder that is there, or that the build makes in one that is"
            faults.append(Fault("it is not there", Where(path), hint, "record/root"))
    if RECORDING in os.environ:
        what = "this already runs below a recording, which records it too"
        faults.append(Fault(what, None, "leave one of the two out", "record/nested"))
    raise_if(faults)


def _about(arguments: Arguments) -> Generator[Event, None, About]:
    """What the recording will be."""
    program = tracing.recorder()
    recorders = (arguments.only,) if arguments.only else ("trace", "wrapper")
    why = tracing.why_not_traced(program) if "trace" in recorders else ""
    if why:
        if arguments.only:
            raise PortwrightError(
                [Fault(f"no process can be traced here: {why}", None, None, "record/no-trace")]
            )
        recorders = ("wrapper",)
        yield Note(
            f"no process can be traced here ({why}): files are not seen, nor what starts no compiler",
            "warning",
        )
    portable = not arguments.not_portable and "wrapper" in recorders
    if not portable and not arguments.not_portable:
        yield Note(
            "without the wrapper what is made holds names of folders: the recording is not portable",
            "warning",
        )
    command, cwd = arguments.command, str(Path.cwd())
    call = Call(str(which(command[0]) or command[0]), command, dict(os.environ), cwd)
    given = dict(text.split("=", 1) for text in arguments.root)
    roots = roots_of(call, given, str(arguments.source or ""), str(arguments.out or ""))
    private = (
        (str(tracing.shims(program, os.environ.get("PATH", os.defpath))),) if "wrapper" in recorders else ()
    )
    roots |= dict.fromkeys((WRAPPER,), private[0]) if private else {}
    return About(command, cwd, roots, portable, recorders, private, (str(program),))


def _remaps(roots: Mapping[str, str]) -> dict[str, str]:
    """What each root's folder is called in what compilers make."""
    return {roots[name]: written for name, written in names_in_products(roots).items()}


def _settings(about: About) -> dict[str, str]:
    """Variables that a portable recording sets, where the caller has not."""
    if not about.portable:
        return {}
    call = Call(about.command[0], about.command, dict(os.environ), about.cwd)
    # A script of a source folder is often called from elsewhere, as rustc's x.py is.
    scripts = (Path(about.cwd, word) for word in about.command[1:] if "/" in word)
    folders = [str(path.parent) for path in scripts if path.is_file()]
    found = {name: value for trade in trades_of(call, *folders) for name, value in trade.settings.items()}
    return {name: value for name, value in found.items() if name not in os.environ}


def _read(file: Path, folder: Path, about: About, status: int | None) -> Generator[Event, None, Result]:
    """Make the recording of what was seen."""
    from portwright.build.reading import read_off

    yield Begun("reading what was seen")
    began = time.monotonic()
    seen = tracing.seen(folder)
    log = seen.log
    if log is None:
        if "trace" in about.recorders:
            what = f"nothing was recorded (the recorder ended with {status})"
            raise fail(what, Where(folder), "see what it said above", "record/nothing")
        log = event_log.Log(0, (), status is not None)
    result = read_off(log, seen.wrapped, about, status)
    recording_folder.finish(file, folder, result.recording, result.contents)
    yield Ended(
        "reading what was seen", f"{len(result.recording.plan.steps)} steps", time.monotonic() - began
    )
    if not result.recording.ended:
        yield Note("the recording was cut off: it holds the steps that were whole by then", "warning")
    return _result(file, result.recording)


def _result(file: Path, recording: Recording) -> Result:
    own = tuple(("", impurity) for impurity in recording.impurities)
    steps = tuple((name, one) for name, seen in recording.seen.items() for one in seen.impurities)
    return Result(
        file=file,
        command=recording.command,
        command_status=recording.status,
        ended=recording.ended,
        portable=recording.portable,
        seconds=recording.seconds,
        roots=recording.roots,
        steps=dict(sorted(Counter(step.type for step in recording.plan.steps).items())),
        programs=dict(sorted(Counter("+".join(one.seen_by) for one in recording.processes).items())),
        probes=len(recording.probes),
        left_out=len(recording.left_out),
        failed=tuple(name for name, seen in recording.seen.items() if seen.status),
        impurities=(*own, *steps),
    )
