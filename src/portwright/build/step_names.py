"""Gives the steps of a recording short names that say what they do and are the same in every recording of a build."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from portwright.build.recorded_environment import Secrets
from portwright.build.recording_place import Places
from portwright.build.work_units import Unit

LONGEST = 60


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", text).strip("-.")[:LONGEST].rstrip("-.")


def _base(unit: Unit, secrets: Secrets) -> str:
    subject = unit.trade.subject(unit.call)
    if unit.type == "program":
        subject = PurePosixPath(unit.call.argv[0] or unit.call.exe).name
    if not subject and unit.writes:
        subject = PurePosixPath(min(unit.writes)).name
    return _plain("-".join(part for part in (unit.type, secrets.hide(subject)) if part))


def name_steps(units: Iterable[Unit], places: Places, secrets: Secrets) -> None:
    """Name the steps; those that would be called alike are numbered by what they say, not by when they ran."""
    alike: dict[str, list[Unit]] = {}
    for unit in units:
        alike.setdefault(_base(unit, secrets), []).append(unit)
    for base, found in alike.items():
        found.sort(key=lambda unit: _said(unit, places))
        for number, unit in enumerate(found, 1):
            unit.name = base if len(found) == 1 else f"{base}-{number}"
    _part(alike)


def _part(alike: dict[str, list[Unit]]) -> None:
    """A numbered name may be another's own: `a` twice beside `a-2`."""
    taken: set[str] = set()
    for base in sorted(alike):
        for unit in alike[base]:
            number = 1
            wanted = unit.name
            while unit.name in taken:
                number += 1
                unit.name = f"{wanted}.{number}"
            taken.add(unit.name)


def _said(unit: Unit, places: Places) -> list[str]:
    return [
        places.name(unit.call.cwd),
        *map(places.name, unit.call.argv),
        *map(places.path, sorted(unit.writes)),
    ]
