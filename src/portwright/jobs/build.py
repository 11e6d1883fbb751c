"""Build a goal of a port: its target spec, the view of std's sources, a sysroot, its programs.

Goals: spec, view, std, sysroot, programs (all of the port's), the name of one program, image (all of the port's) or
image-NAME. What is done already
is not done again; after Ctrl-C or a kill the next run goes on. The first build writes `port.lock`, later ones are
held to it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from portwright.base.events import Event
from portwright.base.processes import which
from portwright.build import cargo_config, goals, module_store
from portwright.build.backends import Report as BackendReport
from portwright.build.executor import Settings
from portwright.build.explain import Explained
from portwright.describe import port as ports
from portwright.jobs import Arg

VERB = "build"


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright build` can be told."""

    port: Annotated[str, Arg("The port: a bundled name or a folder.", positional=True)]
    goal: Annotated[str, Arg("What to build.", positional=True, metavar="[GOAL]")] = "programs"
    ledger: Annotated[str | None, Arg("The port's ledger of that name.", metavar="VARIANT")] = None
    panic: Annotated[str | None, Arg("What a panic does, whatever port.toml says.", choices=ports.PANICS)] = (
        None
    )
    configure: Annotated[
        Path | None,
        Arg("Write what makes the Cargo package in DIR build and test for the port.", metavar="DIR"),
    ] = None
    update_lock: Annotated[bool, Arg("Accept a toolchain that is not the one in port.lock.")] = False
    explain: Annotated[bool, Arg("Say of each step whether it would run and why; build nothing.")] = False
    dry_run: Annotated[bool, Arg("Say which steps would run; build nothing.", short="n")] = False
    jobs: Annotated[int, Arg("How many processors to use (0: all).", short="j", metavar="N")] = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What was built and where it lies; `ran` are the steps that were not done already. In a dry run, `steps`.

    `backends` says of each program of a port with [backend] what its backend did: faults mended, fallbacks, native
    parts. `cargo_config` is what a package's `.cargo/config.toml` must say, `configured` the one that was written.
    """

    port: str
    goal: str
    ran: tuple[str, ...] = ()
    spec: Path | None = None
    view: Path | None = None
    sysroot: Path | None = None
    dist: tuple[Path, ...] = ()
    programs: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    images: Mapping[str, Path] = field(default_factory=dict)
    backends: Mapping[str, BackendReport] = field(default_factory=dict)
    configured: Path | None = None
    cargo_config: Path | None = None
    steps: tuple[Explained, ...] = ()
    explained: bool = False

    @property
    def status(self) -> int:
        """0: the goal is there (a build that fails raises)."""
        return 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Bring the goal about."""
    settings = Settings(arguments.jobs or os.cpu_count() or 1)
    port = ports.load(arguments.port, arguments.ledger, arguments.panic)
    goal = "sysroot" if arguments.configure and arguments.goal == "programs" else arguments.goal
    if arguments.explain or arguments.dry_run:
        rows = goals.explain(port, goal)
        return Result(port.target, goal, steps=tuple(rows), explained=arguments.explain)
    built = yield from goals.build(port, goal, settings=settings, update_lock=arguments.update_lock)
    runner = _runner(port, arguments.ledger)
    config = cargo_config.write(built, runner) if built.sysroot else None
    configured = None
    if arguments.configure is not None:
        configured = cargo_config.configure(arguments.configure, built, runner)
    return Result(
        port.target,
        goal,
        built.ran,
        built.spec,
        built.view,
        built.sysroot,
        built.dist,
        built.programs,
        built.images,
        _backends(port, built),
        configured,
        config,
    )


def _backends(port: ports.Port, built: goals.BuildResult) -> dict[str, BackendReport]:
    if port.manifest.backend is None:
        return {}
    reports = {name: module_store.report_of(paths[0]) for name, paths in built.programs.items() if paths}
    return {name: report for name, report in reports.items() if report is not None}


def _runner(port: ports.Port, variant: str | None) -> list[str]:
    """The command that runs a binary of the port: this portwright, whether or not it is on the PATH."""
    name = port.folder.name if port.folder.parent == ports.bundled_folder() else str(port.folder)
    started = Path(sys.argv[0]).absolute()
    if which("portwright"):
        own = ["portwright"]
    elif started.name == "portwright" and os.access(started, os.X_OK):
        own = [str(started)]
    else:
        own = [sys.executable, "-m", "portwright"]
    return [*own, "run", *(["--ledger", variant] if variant else []), name]
