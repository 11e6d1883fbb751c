"""Boot a port's machine, and end the moment its outcome is known: with a verdict, what it did, and what to look at.

The machine is a [machine.NAME] of port.toml. Its milestones must come in their order; what says that it went wrong,
died, or fell silent ends the boot at once. Then commands are given at its prompt: those of `-c`, else its criteria.
`--transcript` judges a console that was recorded before. See docs/boot.md.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from portwright.base.errors import BadInput, Fault, StepFailed, Where, closest, fail
from portwright.base.events import Advanced, Begun, Ended, Event, Note, outcome
from portwright.base.files import cache_root, temporary_folder
from portwright.build import boot_images
from portwright.describe import port as ports
from portwright.describe.known_failure import KnownFailure
from portwright.describe.machine import Criterion, Machine
from portwright.describe.port import Port
from portwright.jobs import Arg
from portwright.judge import boot as judge
from portwright.judge import boot_history, console_lines, known_failures, run_records
from portwright.judge.boot import Reached, Rules, Seen
from portwright.judge.divergence import Divergence
from portwright.judge.verdict import Verdict, exit_status
from portwright.run import booting, owned, transcript_file
from portwright.run.booting import Booting
from portwright.run.console import Boot
from portwright.run.events import Answer, MachineEvent, MachineStarted

VERB = "boot"


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright boot` can be told."""

    port: Annotated[str, Arg("The port: a bundled name or a folder.", positional=True)]
    machine: Annotated[str | None, Arg("Which machine, where the port has several.", metavar="NAME")] = None
    kernel: Annotated[Path | None, Arg("The kernel to load.", metavar="FILE")] = None
    initrd: Annotated[Path | None, Arg("The initial RAM disk to load.", metavar="FILE")] = None
    append: Annotated[str | None, Arg("The kernel's command line.", metavar="TEXT")] = None
    image: Annotated[
        tuple[str, ...],
        Arg("The first drive's image, or that of a drive by name (repeatable).", metavar="[NAME=]FILE"),
    ] = ()
    share: Annotated[Path | None, Arg("The folder that the guest sees by 9p.", metavar="DIR")] = None
    command: Annotated[
        tuple[str, ...], Arg("A command for the guest's shell (repeatable).", short="c", metavar="COMMAND")
    ] = ()
    has: Annotated[
        tuple[str, ...],
        Arg("What the image has that a criterion needs (repeatable).", metavar="NAME"),
    ] = ()
    symbols: Annotated[
        tuple[Path, ...], Arg("An ELF file of what runs, to name addresses (repeatable).", metavar="FILE")
    ] = ()
    interactive: Annotated[bool, Arg("Give the console to this terminal; Ctrl-] leaves.", short="i")] = False
    persist: Annotated[bool, Arg("Keep what the guest writes to its disks.")] = False
    repeat: Annotated[int, Arg("Boot that often, and say how often it went how.", metavar="N")] = 1
    transcript: Annotated[
        Path | None, Arg("Judge this transcript or console log instead.", metavar="FILE")
    ] = None
    record: Annotated[Path | None, Arg("Write the transcript there.", metavar="FILE")] = None


@dataclass(frozen=True, slots=True)
class Row:
    """The boot, a command or a criterion, and its verdict; `output` is a command's."""

    name: str
    verdict: Verdict
    seconds: float = 0.0
    output: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A known failure that the console shows."""

    name: str
    line: str
    cause: str
    cure: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Run:
    """One boot: its rows (the boot itself first), how far it came, `missing` what, and what may explain it."""

    rows: tuple[Row, ...]
    milestones: tuple[Reached, ...]
    seconds: float
    how: str
    transcript: Path
    by_hand: str = ""
    known: tuple[Known, ...] = ()
    divergence: Divergence | None = None
    missing: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """That of the first row that did not pass; else the boot's own."""
        bad = (
            row.verdict for row in self.rows if not row.verdict.passed and row.verdict.outcome != "not-run"
        )
        return next(bad, self.rows[0].verdict)


@dataclass(frozen=True, slots=True)
class Result:
    """All boots of one call; `verdict` is over all of them."""

    port: str
    machine: str
    verdict: Verdict
    runs: tuple[Run, ...]

    @property
    def status(self) -> int:
        """0: all that was run passed; 1: something was judged wrong; 2: something could not be run.

        A criterion for which the image lacks something is no part of this: it was not asked for.
        """
        rows = [row.verdict for run in self.runs for row in run.rows if row.verdict.outcome != "not-run"]
        return exit_status([self.verdict, *rows])


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Boot, or judge what was recorded; a record of it is kept for reports."""
    boots = _boots(arguments)
    return (yield from run_records.keeping(VERB, arguments, boots, narrows=("transcript",), more=_consoles))


def _consoles(result: Result) -> dict[str, object]:
    return {"consoles": console_lines.of_runs(result.runs, transcript_file.read)}


def _boots(arguments: Arguments) -> Generator[Event, None, Result]:
    port = ports.load(arguments.port)
    name, machine = choose(port, arguments.machine)
    faults = _faults(arguments, machine)
    if faults:
        raise BadInput(faults)
    runs: list[Run] = []
    yield Begun("boot", arguments.repeat if arguments.repeat > 1 else None)
    began = time.monotonic()
    for number in range(1 if arguments.transcript else arguments.repeat):
        runs.append((yield from _one(port, name, machine, arguments)))
        yield Advanced("boot", number + 1, runs[-1].verdict.outcome)
    verdict = judge.overall([each.verdict for each in runs])
    yield Ended("boot", verdict.outcome, time.monotonic() - began)
    return Result(port.target, name, verdict, tuple(runs))


def choose(port: Port, name: str | None) -> tuple[str, Machine]:
    """The machine of that name, or the only (or first) one; raises `BadInput` with those that there are."""
    known = list(port.machines)
    if not known:
        hint = "add [machine.NAME] to its port.toml; docs/boot.md says how"
        raise fail(f"{port.target} has no machine", Where(port.folder / "port.toml"), hint, "boot/machine")
    wanted = name or known[0]
    if wanted not in port.machines:
        near = closest(wanted, known)
        hint = f"did you mean `{near}`?" if near else f"there are: {', '.join(known)}"
        raise fail(f"{port.target} has no machine `{wanted}`", None, hint, "boot/machine")
    return wanted, port.machines[wanted]


def _faults(arguments: Arguments, machine: Machine) -> list[Fault]:
    faults = []
    for option, path in (
        ("kernel", arguments.kernel),
        ("initrd", arguments.initrd),
        ("transcript", arguments.transcript),
        *(("symbols", path) for path in arguments.symbols),
        *(("image", path) for path in boot_images.named(arguments.image).values()),
    ):
        if path is not None and not path.is_file():
            faults.append(Fault(f"--{option}: no such file", Where(path), None, f"boot/{option}"))
    if arguments.repeat < 1:
        faults.append(Fault(f"`--repeat {arguments.repeat}` boots never", None, None, "boot/repeat"))
    if arguments.command and machine.shell is None:
        hint = "add [machine.NAME.shell] with its prompt"
        faults.append(Fault("the machine has no shell to give a command to", None, hint, "boot/shell"))
    if arguments.interactive and not os.isatty(0):
        hint = "without a terminal, give commands with -c"
        faults.append(Fault("`--interactive` needs a terminal", None, hint, "boot/interactive"))
    return faults


class _Live:
    """The judge, as whoever drives the machine asks it."""

    def __init__(self, rules: Rules) -> None:
        self.seen = judge.begin(rules)
        self.how = MachineStarted(0.0, "", "")

    @property
    def over(self) -> bool:
        return self.seen.verdict is not None

    @property
    def booted(self) -> bool:
        return self.seen.booted

    @property
    def wants_cpus(self) -> Literal["", "glance", "look"]:
        return self.seen.wants_cpus

    def take(self, event: MachineEvent) -> None:
        if isinstance(event, MachineStarted):
            self.how = event
        self.seen = judge.step(self.seen, event)


def _one(port: Port, name: str, machine: Machine, arguments: Arguments) -> Generator[Event, None, Run]:
    """One boot, with its commands."""
    failures = known_failures.known(port.failures)
    folder = cache_root() / "boots" / port.target / name
    commands = bool(arguments.command) or any(each.command for each in machine.criterion)
    stay = arguments.interactive or (commands and arguments.transcript is None)
    live = _Live(Rules(machine, failures, stay=stay))
    if arguments.transcript is not None:
        live.seen = judge.judge(live.seen.rules, transcript_file.read(arguments.transcript))
        rows = [Row("boot", judge.close(live.seen), live.seen.at)]
        rows += [_criterion_row(live, each, None, arguments) for each in machine.criterion]
        return _told(live, rows, failures, arguments.transcript, folder)
    images = yield from boot_images.build(port, machine, boot_images.named(arguments.image))
    record = arguments.record or boot_history.new_file(folder)
    with _started(port, name, machine, arguments, images, record, live) as (driven, watch):
        yield Note(f"the console can be watched: nc -U {watch}", "debug")
        reached = 0
        for _ in driven.boot():
            while reached < len(live.seen.reached):
                yield Note(
                    f"{live.seen.reached[reached].at:8.2f} s  {live.seen.reached[reached].name}", "debug"
                )
                reached += 1
        up = Row("boot", judge.close(live.seen), live.seen.at)
        rows = list(_commands(driven, live, machine, arguments))
    rows = [up, *rows]
    rows += [
        _criterion_row(live, each, None, arguments)
        for each in machine.criterion
        if each.pattern is not None and not arguments.command
    ]
    result = _told(live, rows, failures, record, folder)
    if all(row.verdict.passed or row.verdict.outcome == "not-run" for row in rows):
        boot_history.keep_good(folder, record)
    return result


@contextlib.contextmanager
def _started(
    port: Port,
    name: str,
    machine: Machine,
    arguments: Arguments,
    images: Mapping[str, Path],
    record: Path,
    live: _Live,
) -> Iterator[tuple[Booting, Path]]:
    """The machine, running, and where others may watch it; ended when the block ends."""
    kernel = (arguments.kernel,) if arguments.kernel is not None else ()
    symbols = (*arguments.symbols, *kernel, *(port.folder / each for each in machine.symbols))
    with temporary_folder("portwright-boot-") as scratch:
        boot = Boot(
            name,
            machine,
            port.folder,
            scratch,
            arguments.kernel,
            arguments.initrd,
            arguments.append,
            images,
            symbols,
            arguments.persist,
            arguments.share,
            owned.folder(port.target),
        )
        about = {"port": port.target, "machine": name}
        with booting.started(boot, live, record, about, interactive=arguments.interactive) as driven:
            yield driven, scratch / booting.WATCH


def _commands(driven: Booting, live: _Live, machine: Machine, arguments: Arguments) -> Iterator[Row]:
    """What is done once it is up: a person's wishes, the commands of the line, or the criteria."""
    if not live.over and arguments.interactive:
        driven.attend()
        return
    shell = machine.shell
    if not arguments.command and not any(each.command for each in machine.criterion):
        return
    assert shell is not None
    there = not live.over and driven.log_in(shell)
    for text in arguments.command:
        if not there or live.over:
            yield Row(text, Verdict("not-run", "it did not boot" if live.over else "there was no prompt"))
            continue
        answer = driven.command(shell, text, shell.seconds * live.how.slowness)
        yield Row(text, judge.judge_command(live.seen, answer, 0, []), answer.seconds, answer.output)
    for criterion in machine.criterion if not arguments.command else ():
        if criterion.command is not None:
            yield _criterion_row(live, criterion, driven if there else None, arguments)


def _criterion_row(live: _Live, criterion: Criterion, driven: Booting | None, arguments: Arguments) -> Row:
    lacks = [each for each in criterion.needs if each not in arguments.has]
    if lacks:
        return Row(criterion.name, Verdict("not-run", f"needs an image with {' and '.join(lacks)}"))
    if criterion.command is None:
        return Row(criterion.name, judge.judge_criterion(live.seen, criterion))
    if driven is None or live.over:
        reason = "a transcript runs no commands" if arguments.transcript else "it did not boot"
        return Row(criterion.name, Verdict("not-run", reason))
    shell = live.seen.rules.machine.shell
    assert shell is not None
    answer = driven.command(shell, criterion.command, criterion.seconds * live.how.slowness)
    expect = criterion.expect
    verdict = judge.judge_command(live.seen, answer, expect.exit, expect.stdout_contains)
    return Row(criterion.name, verdict, answer.seconds, answer.output)


def _told(
    live: _Live, rows: list[Row], failures: tuple[KnownFailure, ...], record: Path, folder: Path
) -> Run:
    """The result of one boot, with what explains it where it went wrong."""
    seen: Seen = live.seen
    known: tuple[Known, ...] = ()
    divergence = None
    if any(not row.verdict.passed and row.verdict.outcome != "not-run" for row in rows):
        found = judge.explain(failures, seen)
        known = tuple(Known(row.name, line, row.cause, row.cure, row.confidence) for row, line in found)
        good = boot_history.good_file(folder)
        if good is not None and not rows[0].verdict.passed:
            divergence = boot_history.compare(transcript_file.read(good), transcript_file.read(record))
    how = live.how
    missing = tuple(each.name for each in seen.rules.machine.milestone[len(seen.reached) :])
    return Run(tuple(rows), seen.reached, seen.at, how.how, record, how.command, known, divergence, missing)


class Guest:
    """A machine that has booted, for programs: `run` gives a command at its prompt."""

    def __init__(self, driven: Booting, live: _Live, machine: Machine) -> None:
        self._driven, self._live, self._machine = driven, live, machine

    @property
    def milestones(self) -> tuple[Reached, ...]:
        """What it passed while booting."""
        return self._live.seen.reached

    def run(self, command: str, seconds: float | None = None) -> Answer:
        """Give a command and take its answer; raises `StepFailed` where the machine dies of it, or has no shell."""
        shell = self._machine.shell
        if shell is None:
            raise fail("the machine has no shell", None, "add [machine.NAME.shell]", "boot/shell")
        limit = (seconds or shell.seconds) * self._live.how.slowness
        answer = self._driven.command(shell, command, limit)
        if self._live.over:
            raise _failed(judge.close(self._live.seen))
        return answer


def _failed(verdict: Verdict) -> StepFailed:
    return StepFailed(
        [Fault(f"{verdict.outcome}: {verdict.detail}\n{verdict.evidence}", None, None, "boot/failed")]
    )


@contextlib.contextmanager
def booted(port: str, **words: object) -> Iterator[Guest]:
    """A machine, booted and logged in; `words` are those of `Arguments`. Raises `StepFailed` with the verdict."""
    arguments = Arguments(port, **words)  # type: ignore[arg-type]
    described = ports.load(port)
    name, machine = choose(described, arguments.machine)
    faults = _faults(arguments, machine)
    if faults:
        raise BadInput(faults)
    live = _Live(Rules(machine, known_failures.known(described.failures), stay=True))
    record = arguments.record or boot_history.new_file(cache_root() / "boots" / described.target / name)
    images = outcome(boot_images.build(described, machine, boot_images.named(arguments.image)))
    with _started(described, name, machine, arguments, images, record, live) as (driven, _):
        for _event in driven.boot():
            pass
        if live.over or (machine.shell is not None and not driven.log_in(machine.shell)):
            raise _failed(judge.close(live.seen))
        yield Guest(driven, live, machine)
