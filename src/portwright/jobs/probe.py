"""Run a tiny program that reports what a system really does, and compare each line with the port's ledger.

It runs in the userland machine, on this machine's kernel where the port is its (`--on kernel`), or anywhere else:
`--emit` writes it, and `--transcript` reads what it printed there. Each fact is a row; a row that differs says what
to change in abi.toml.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base.errors import Fault, Where, fail, raise_if
from portwright.base.events import Event
from portwright.base.files import write_atomic
from portwright.build import abi_probe
from portwright.build.executor import Settings
from portwright.describe import port as ports
from portwright.describe.cpu import cpu
from portwright.describe.port import Port
from portwright.jobs import Arg
from portwright.judge import probe as judge
from portwright.judge import probe_report
from portwright.judge.probe_report import Report, Row
from portwright.run import machine, on_kernel
from portwright.run.events import Died
from portwright.run.limits import Limits
from portwright.run.options import Options

VERB = "probe"
LONGEST = 60.0
MOST_OUTPUT = 4 << 20
ARGUMENTS = ("one", "two words")
README = """\
probe: reports what this system really does, for `portwright probe {port} --transcript FILE`.

Start it as a program of {port}, with any arguments, from a folder in which it may write (else it takes /tmp), and
keep all that it prints: from a serial console, say. Lines that begin with PW1 are the report; others do no harm.
Its last line is `PW1 end COUNT`. If that never comes, the last `PW1 trying` line says what ended it.

It is a static program without libc, thread-locals or floating point. `probe.rs` is its source, made from the ledger.
"""


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright probe` can be told."""

    port: Annotated[str, Arg("The port: a bundled name or a folder.", positional=True)]
    on: Annotated[
        str,
        Arg("Where it runs: the userland machine, or this machine's kernel.", choices=("machine", "kernel")),
    ] = "machine"
    transcript: Annotated[
        Path | None, Arg("Compare what it printed elsewhere; nothing is built or run.", metavar="FILE")
    ] = None
    emit: Annotated[Path | None, Arg("Only write the program and its source.", metavar="FOLDER")] = None
    save: Annotated[Path | None, Arg("Keep what it printed.", metavar="FILE")] = None
    ledger: Annotated[str | None, Arg("The port's ledger of that name.", metavar="VARIANT")] = None
    engine: Annotated[
        str | None, Arg("The engine: native where the CPU is this machine's, else unicorn.", metavar="ENGINE")
    ] = None
    kind: Annotated[bool, Arg("Do not be hostile: what the ledger lists is not destroyed.")] = False
    seed: Annotated[int | None, Arg("Repeat the choices of an earlier run.", metavar="N")] = None
    jobs: Annotated[int, Arg("How many processors to use (0: all).", short="j", metavar="N")] = 0


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of the comparison; `where` the program ran. `emitted`: the folder that it was written to.

    `broken_off` says how the program ended where its report is not whole.
    """

    port: str
    where: str
    rows: tuple[Row, ...]
    counts: Mapping[str, int]
    broken_off: str | None = None
    emitted: Path | None = None
    seed: int | None = None

    @property
    def status(self) -> int:
        """0: all agree; 1: some differ; 2: some were not reported."""
        if self.counts.get("differs"):
            return 1
        if self.emitted is not None and not self.rows:
            return 0
        return 2 if self.broken_off or self.counts.get("not-reported") or not self.rows else 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Build the probe, run it, and compare."""
    _check(arguments)
    port = ports.load(arguments.port, arguments.ledger)
    if arguments.transcript is not None:
        return _compared(port, _read(arguments.transcript), f"transcript {arguments.transcript}", None)
    if arguments.on == "kernel":
        on_kernel.way(port)
    built = yield from abi_probe.build(port, Settings(arguments.jobs or os.cpu_count() or 1))
    if arguments.emit is not None:
        _emit(port, built, arguments.emit)
        return Result(port.target, "nowhere", (), {}, emitted=arguments.emit)
    return _run(port, built.program, arguments)


def _check(arguments: Arguments) -> None:
    together = [name for name in ("transcript", "emit", "save") if getattr(arguments, name) is not None]
    faults = []
    if len(together) > 1:
        what = f"{' and '.join(f'--{name}' for name in together)} do not go together"
        faults.append(
            Fault(what, None, "--emit writes the program, --transcript compares what it printed", "probe/way")
        )
    raise_if(faults)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise fail(
            f"cannot read the transcript: {error.strerror}", Where(path), code="probe/transcript"
        ) from error


def _emit(port: Port, built: abi_probe.Built, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source, name in ((built.program, "probe"), (built.source, "probe.rs")):
            shutil.copyfile(source, folder / name)
        (folder / "probe").chmod(0o755)
        write_atomic(folder / "README", README.format(port=port.target))
    except OSError as error:
        raise fail(f"cannot be written: {error.strerror}", Where(folder), code="probe/emit") from error


def _run(port: Port, program: Path, arguments: Arguments) -> Result:
    seed = machine.new_seed() if arguments.seed is None else arguments.seed
    options = Options(
        arguments=ARGUMENTS,
        name="probe",
        engine=arguments.engine,
        kind=arguments.kind,
        seed=seed,
        limits=Limits(seconds=LONGEST, output=MOST_OUTPUT),
        stdin=b"",
        capture=True,
    )
    if arguments.on == "kernel":
        outcome, where = on_kernel.run_on_kernel(port, program, options), "this machine's kernel"
    else:
        outcome = machine.run_program(port, program, options)
        where = f"userland machine, engine {machine.engine_name(port, options)}, seed {seed}"
    if arguments.save is not None:
        try:
            arguments.save.write_bytes(outcome.stdout)
        except OSError as error:
            raise fail(
                f"cannot be written: {error.strerror}", Where(arguments.save), code="probe/save"
            ) from error
    end = outcome.end
    ended = end.report.what if isinstance(end, Died) else f"exit status {end.status}"
    return _compared(port, outcome.stdout, where, ended, seed if arguments.on == "machine" else None)


def _compared(port: Port, text: bytes, where: str, ended: str | None, seed: int | None = None) -> Result:
    report = probe_report.read(text)
    if not report.lines:
        raise fail(
            "there is no line of a probe in what was printed",
            None,
            f"the program ended with: {ended}" if ended else "its lines begin with PW1",
            "probe/nothing",
        )
    rows = judge.compare(report, port.ledger, cpu(port.ledger.abi.cpu))
    counts: Counter[str] = Counter(row.agreement for row in rows)
    return Result(port.target, where, rows, dict(counts), _broken_off(report, ended), seed=seed)


def _broken_off(report: Report, ended: str | None) -> str | None:
    """How a report came to an end that is not its own."""
    if report.complete:
        return None
    tried = f", trying {report.tried_last}" if report.tried_last else ""
    lost = "lines are missing" if report.lines[-1][0] == "end" else "it stops"
    return f"{lost} after {len(report.lines)} lines{tried}" + (f": {ended}" if ended else "")
