"""Two ledgers, row by row where they disagree: what a call's number is in each, and what a number means in each.

The two are ledgers of one port (`--ledger`, by default its only second one) or of two ports (`--against`).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base.errors import fail
from portwright.base.events import Event
from portwright.describe import ledger as ledgers
from portwright.describe import ledger_diff
from portwright.describe import port as ports
from portwright.describe.ledger_diff import Difference
from portwright.jobs import Arg

VERB = "ledger diff"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The two ledgers."""

    port: Annotated[str, Arg("the port: a folder, or the name of a bundled one", positional=True)]
    against: Annotated[str | None, Arg("another port", positional=True)] = None
    ledger: Annotated[
        str | None, Arg("the second ledger of the port (abi.VARIANT.toml)", metavar="VARIANT")
    ] = None


@dataclass(frozen=True, slots=True)
class Result:
    """The rows in which two ledgers disagree, and how many agree; `left` and `right` name the two."""

    left: str
    right: str
    left_ledger: Path
    right_ledger: Path
    agreeing: int
    differences: tuple[Difference, ...]

    @property
    def status(self) -> int:
        """1 where they disagree, as diff says it."""
        return 1 if self.differences else 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Compare; raises `BadInput` where there is no second ledger."""
    yield from ()
    first = ports.load(arguments.port)
    if arguments.against is not None:
        second = ports.load(arguments.against, arguments.ledger)
        left, right = first.target, second.target
        if left == right:
            left, right = str(first.folder), str(second.folder)
    else:
        second = ports.load(arguments.port, arguments.ledger or _only_variant(first.folder))
        left, right = (ledgers.ledger_path(port.folder, port.variant).name for port in (first, second))
    agreeing, differences = ledger_diff.compare(first.ledger, second.ledger, (left, right))
    paths = [ledgers.ledger_path(port.folder, port.variant) for port in (first, second)]
    return Result(left, right, paths[0], paths[1], agreeing, tuple(differences))


def _only_variant(folder: Path) -> str:
    variants = sorted(path.name.split(".")[1] for path in folder.glob("abi.*.toml"))
    if len(variants) == 1:
        return variants[0]
    hint = "give another port, or --ledger VARIANT for abi.VARIANT.toml"
    hint += f"; there are: {', '.join(variants)}" if variants else ""
    raise fail(
        f"the port in {folder.name} has {len(variants)} second ledgers", None, hint, "ledger/no-second"
    )
