"""What becomes of a port's edits of std on another source tree: each applies, moved, meets something else, or is gone.

Then std is compiled there with what applies, and the errors are grouped by cause: an honest forecast of the work.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base.events import Begun, Ended, Event
from portwright.build import forecast as forecasting
from portwright.build.forecast import Compiled
from portwright.derive import forecast
from portwright.derive.forecast import Fate, Outcome
from portwright.derive.std_edits import edits
from portwright.describe import port as ports
from portwright.jobs import Arg

VERB = "patches"


@dataclass(frozen=True, slots=True)
class Arguments:
    """Which port, and which other tree."""

    port: Annotated[str, Arg("the port: a folder, or the name of a bundled one", positional=True)]
    against: Annotated[
        str | None,
        Arg(
            "a Rust source tree, or a version that is there (1.85); else the tree that the port is built from",
            metavar="TREE|VERSION",
        ),
    ] = None
    no_compile: Annotated[bool, Arg("only say what becomes of each edit")] = False
    ledger: Annotated[
        str | None, Arg("a second ledger of the port (abi.VARIANT.toml)", metavar="VARIANT")
    ] = None


@dataclass(frozen=True, slots=True)
class Result:
    """The fate of each edit, how many have which, and how std compiles there with what applies."""

    port: str
    tree: Path
    version: str | None
    fates: tuple[Fate, ...]
    counts: dict[Outcome, int]
    carried: int
    compiled: Compiled

    @property
    def status(self) -> int:
        """0 where every edit applies and std compiles (or was not to be), else 1."""
        whole = self.counts["applies"] == len(self.fates)
        return 0 if whole and self.compiled.outcome != "errors" else 1


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Hold the edits against the tree; raises `BadInput` where there is no such tree."""
    port = ports.load(arguments.port, arguments.ledger)
    rust = port.manifest.toolchain.rust
    against = forecasting.find(arguments.against or rust)
    wanted = edits(port)
    began = time.monotonic()
    yield Begun("edits", len(wanted))
    fates = forecast.forecast(wanted, forecasting.tree(against.library))
    counts = forecast.count(fates)
    yield Ended("edits", f"{counts['applies']} of {len(wanted)} apply", time.monotonic() - began)
    usable = forecast.carried(wanted, fates)
    compiled = Compiled("not-run", "--no-compile")
    if not arguments.no_compile:
        began = time.monotonic()
        yield Begun("compile")
        compiled = yield from forecasting.compile_std(port, against, usable)
        yield Ended("compile", compiled.outcome, time.monotonic() - began)
    more = sum(fate.carried is not None for fate in fates)
    return Result(port.target, against.library, against.version, fates, counts, more, compiled)
