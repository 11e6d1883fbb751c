"""What a binary or image is, what is inside it, and what is wrong with it; exit status 1 where there is an error.

FILE is an ELF, PE or Mach-O file, an archive, an image, a part of one (`disk.img:2:/boot/initfs:/bin/init`), or a
folder, of which every binary gets a line. With `--port`, a port's loader, CPU and code generator are what it is held
against.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated

from portwright.base.errors import BadInput, Fault, PortwrightError, raise_if
from portwright.base.events import Begun, Ended, Event
from portwright.jobs import Arg
from portwright.pack import fault
from portwright.pack.inspect import Report, Wanted, inspect
from portwright.pack.subject import Held

VERB = "inspect"


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright inspect` can be told."""

    files: Annotated[
        tuple[str, ...],
        Arg("Binaries, archives, images, or folders of them.", positional=True, metavar="FILE..."),
    ] = ()
    port: Annotated[
        str | None, Arg("Hold it against a port: its loader, CPU and code generator.", metavar="PORT")
    ] = None
    against: Annotated[str | None, Arg("The last good one: say what differs from it.", metavar="GOOD")] = None
    built_by: Annotated[
        str | None,
        Arg(
            "A fault of each binary that this code generator did not make.",
            choices=("llvm", "cranelift", "gcc"),
        ),
    ] = None
    listing: Annotated[
        bool,
        Arg("Of NeXT's Mach-O files, also load commands, relocations and code, as `otool -lrtv` shows them."),
    ] = False
    top: Annotated[int, Arg("With --against: how many sections and symbols to list.", metavar="N")] = 15
    faults: Annotated[bool, Arg("List the faults that can be found; with a name, its manual.")] = False


@dataclass(frozen=True, slots=True)
class Result:
    """A report for each FILE; `port` and `built_by` as asked for; `manuals` with `--faults`."""

    reports: tuple[Report, ...] = ()
    port: str | None = None
    built_by: str | None = None
    manuals: tuple[fault.Manual, ...] = ()

    @property
    def status(self) -> int:
        """1 where anything has an error."""
        return 1 if self.count("error") else 0

    def count(self, severity: str) -> int:
        """How many findings there are of one severity, in all that was looked at."""
        return sum(
            row.severity == severity
            for report in self.reports
            for each in report.every()
            for row in each.findings
        )


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Look at each file; what cannot be read at all is told of together, for all of them."""
    if arguments.faults:
        pages = [fault.page_of(name) for name in arguments.files] or fault.pages()
        return Result(manuals=tuple(pages))
    if not arguments.files:
        hint = "portwright inspect FILE...; `--faults` lists what can be found"
        raise BadInput([Fault("no file is named", None, hint, "inspect/no-subject")])
    wanted = Wanted(
        _held(arguments.port), arguments.built_by or "", max(arguments.top, 0), listing=arguments.listing
    )
    reports: list[Report] = []
    faults: list[Fault] = []
    for name in arguments.files:
        began = time.monotonic()
        yield Begun(name)
        try:
            reports.append(inspect(name, wanted, arguments.against))
            yield Ended(name, reports[-1].what, time.monotonic() - began)
        except PortwrightError as error:
            faults += [row for row in error.faults if row not in faults]
            yield Ended(name, "failed", time.monotonic() - began)
    raise_if(faults)
    return Result(tuple(reports), arguments.port, arguments.built_by)


def _held(name: str | None) -> Held | None:
    """The port as a binary is held against it."""
    if name is None:
        return None
    from portwright.describe import cpu as cpus
    from portwright.describe import port as ports

    port = ports.load(name)
    arch = port.manifest.target.get("arch", port.target.split("-")[0])
    cpu = cpus.cpu(port.abi.abi.cpu) if port.abi else cpus.of_arch(str(arch))
    return Held(port.target, port.manifest.os, cpu or cpus.cpu(str(arch)), port.manifest.toolchain.backend)
