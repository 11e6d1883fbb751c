"""Check an image: everything that is wrong in it, in the images of its partitions too; `--repair` mends what is safe.

A repair is an edit like any other: `image undo` takes it back.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated

from portwright.base.events import Event
from portwright.jobs import Arg
from portwright.pack import session, transaction, verify
from portwright.pack.place import parse
from portwright.pack.verify import Checked, Finding

VERB = "image check"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The image."""

    image: Annotated[str, Arg("The image, or the address of one in it.", positional=True)]
    repair: Annotated[bool, Arg("Mend what can be mended without losing anything.")] = False
    format: Annotated[str | None, Arg("Check it as this format.", short="f", metavar="NAME")] = None


@dataclass(frozen=True, slots=True)
class Result:
    """What was checked, what is (still) wrong, and what was mended by which edit."""

    checked: tuple[Checked, ...]
    findings: tuple[Finding, ...]
    mended: tuple[str, ...] = ()
    edit: int | None = None

    @property
    def status(self) -> int:
        """1 where an error is left."""
        return 1 if any(each.severity == "error" for each in self.findings) else 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Check it, mend it, and check it again."""
    yield from session.waiting(arguments.image)
    with session.bytes_of(arguments.image) as (source, address):
        checked, findings, repairs = verify.check(source, address, arguments.format)
    if not arguments.repair or not repairs:
        return Result(tuple(checked), tuple(findings))
    with transaction.editing(parse(arguments.image).file) as held:
        done = held.commit(repairs, VERB, session.said(arguments))
    with session.bytes_of(arguments.image) as (source, address):
        checked, findings, _ = verify.check(source, address, arguments.format)
    number = done.entry.number if done.entry else None
    return Result(tuple(checked), tuple(findings), done.mended, number)
