"""Checks an image with all that lies in its partitions, and collects what is wrong, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from portwright.base.errors import BadInput
from portwright.base.sources import Source, Window
from portwright.formats import Problem
from portwright.pack import format as formats
from portwright.pack.edit import Operation
from portwright.pack.place import Address, shown


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (see `formats.Problem`), in the image at an address."""

    image: str
    code: str
    what: str
    address: int | None
    path: str | None
    hint: str
    severity: Literal["error", "warning"]
    mends: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """An image that was looked at, and what it is."""

    image: str
    format: str
    says: str


def check(
    source: Source, address: Address, forced: str | None = None
) -> tuple[list[Checked], list[Finding], list[Operation]]:
    """What was checked, what is wrong, and the operations that mend what can be mended."""
    wanted = formats.format_of(source, forced)
    checked = [Checked(str(address), wanted.name, wanted.identify(source) or wanted.name)]
    findings: list[Finding] = []
    repairs: list[Operation] = []
    try:
        findings += [_finding(each, address) for each in wanted.check(source)]
    except BadInput as error:
        findings += _broken(error, address)
    if any(each.mends for each in findings) and wanted.mends:
        repairs.append(Operation("repair", address.parts))
    if not wanted.holds_files:
        for inside, at in _partitions(source, wanted, address):
            if formats.identified(inside) is not None:
                rows = check(inside, at)
                checked, findings, repairs = checked + rows[0], findings + rows[1], repairs + rows[2]
    return checked, findings, repairs


def _partitions(source: Source, wanted: formats.Format, address: Address) -> Iterator[tuple[Source, Address]]:
    try:
        table = wanted.partitions(source)
        for each in table.partitions:
            at = address.then(str(each.number))
            yield Window(source, each.start, each.size, str(at)), at
    except BadInput:  # said by its own check
        return


def _finding(found: Problem, address: Address) -> Finding:
    path = shown(found.path) if found.path else None
    return Finding(
        str(address), found.code, found.what, found.address, path, found.hint, found.severity, found.mends
    )


def _broken(error: BadInput, address: Address) -> Iterator[Finding]:
    """What kept an image from being read at all."""
    for fault in error.faults:
        at = fault.where.address if fault.where else None
        yield Finding(
            str(address), fault.code or "image/broken", fault.what, at, None, fault.hint or "", "error", False
        )
