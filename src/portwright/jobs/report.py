"""A report on a port, made of what its last runs of `up`, `conformance` and `boot` found; nothing is run.

What was never run is said to be so. Without `--format` the name of the file decides, and without both it is text. The
exit status is 0 where all passed that was run, 1 where something was judged wrong, and 2 where something could not be
judged or was never run. See docs/reports.md.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Annotated

from portwright.base import rooms
from portwright.base.errors import Where, fail
from portwright.base.events import Event
from portwright.base.files import write_atomic
from portwright.describe import port as ports
from portwright.jobs import Arg
from portwright.judge import report_maker, run_records
from portwright.judge.report import TITLES, Report
from portwright.judge.report_maker import Read

VERB = "report"
ROOM = "portwright.judge.presenters"


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright report` can be told."""

    port: Annotated[str, Arg("The port: a bundled name or a folder.", positional=True)]
    format: Annotated[
        str | None, Arg("The form of the report.", metavar="FORMAT", choices=rooms.names(ROOM))
    ] = None
    output: Annotated[
        Path | None, Arg("Write it there instead of printing it.", short="o", metavar="FILE")
    ] = None
    of: Annotated[
        tuple[str, ...], Arg("Only what this verb found (repeatable).", metavar="VERB", choices=tuple(TITLES))
    ] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The report's value, and its text in the asked form: empty where it went to `file`, which is `changed` or not."""

    report: Report
    format: str
    text: str
    file: Path | None = None
    changed: bool = False

    @property
    def status(self) -> int:
        """That of the report."""
        return self.report.status


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Read the records and present them."""
    yield from ()
    port = ports.load(arguments.port)
    form = arguments.format or _form(arguments.output)
    presenter = rooms.load(ROOM, form)
    runs = {
        verb: Read(*run_records.read(run_records.folder(port.folder, verb)))
        for verb in TITLES
        if verb in arguments.of or not arguments.of
    }
    report = report_maker.make(
        port.target, port.manifest.port.summary, arguments.port, runs, list(port.machines)
    )
    text: str = presenter.present(report)
    if arguments.output is None:
        return Result(report, form, text)
    if arguments.output.is_dir():
        raise fail("a folder is there", Where(arguments.output), "name a file: -o report.html", "report/file")
    return Result(report, form, "", arguments.output, write_atomic(arguments.output, text))


def _form(file: Path | None) -> str:
    """The form that a file's name asks for; text where there is no file."""
    presenters: dict[str, ModuleType] = rooms.load_all(ROOM)
    if file is None:
        return "text"
    by_suffix = {module.SUFFIX: name for name, module in presenters.items()}
    if file.suffix not in by_suffix:
        hint = f"give --format, or a name that ends in {', '.join(sorted(by_suffix))}"
        raise fail(f"`{file.name}` does not tell what form to write", None, hint, "report/format")
    return by_suffix[file.suffix]
