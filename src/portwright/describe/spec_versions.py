"""A target spec in the form of another version of rustc: every change that lies between, made in either direction.

The changes are in `spec_changes/`, one file each. A spec says itself in which form each of its keys is, so the
version that it was written for is not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portwright.base import rooms

Keys = dict[str, Any]
Version = tuple[int, ...]
ROOM = "portwright.describe.spec_changes"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was changed in a spec. `loss` where the other version cannot say what the spec said."""

    key: str
    what: str
    loss: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the form of specs.

    `newer` and `older` bring a spec (changed in place) into the form since, or before, the version `since`, and
    tell what they did. Where the version is not known exactly, `before` is the last that is known to have the
    older form: what lies between is left as it is, and said. `source` is where the change was read or measured.
    """

    since: Version
    source: str
    newer: Callable[[Keys], Iterator[Step]]
    older: Callable[[Keys], Iterator[Step]]
    before: Version | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A step, with the change's version and source."""

    change: str
    key: str
    what: str
    since: str
    source: str
    loss: bool = False


@dataclass(frozen=True, slots=True)
class Translation:
    """A spec in another version's form, what was done to it, and what is not known of that version."""

    keys: Mapping[str, Any]
    made: tuple[Made, ...]
    unknown: tuple[str, ...]


def changes() -> dict[str, Change]:
    """Every change, by name."""
    return {name: module.CHANGE for name, module in rooms.load_all(ROOM).items()}


def translate(keys: Mapping[str, Any], version: Version) -> Translation:
    """The spec in the form of a version of rustc: (1, 85) or (1, 85, 0)."""
    result = dict(keys)
    rows = sorted(changes().items(), key=lambda row: row[1].since)
    wanted = version[:2]
    made = [
        Made(name, step.key, step.what, _dotted(change.since), change.source, step.loss)
        for name, change in rows
        if wanted >= change.since
        for step in change.newer(result)
    ]
    unknown: list[str] = []
    for name, change in reversed(rows):
        if wanted >= change.since:
            continue
        if change.before is None or wanted <= change.before:
            made += [
                Made(name, step.key, step.what, _dotted(change.since), change.source, step.loss)
                for step in change.older(result)
            ]
        else:
            unknown += [_between(step.key, change) for step in change.older(dict(result))]
    return Translation(result, tuple(made), tuple(unknown))


def _between(key: str, change: Change) -> str:
    assert change.before is not None
    last, first = _dotted(change.before), _dotted(change.since)
    return f"`{key}`: rustc {last} has the older form, {first} the newer one; when it changed is not known"


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))


def renamed_key(
    old: str, new: str
) -> tuple[Callable[[Keys], Iterator[Step]], Callable[[Keys], Iterator[Step]]]:
    """`newer` and `older` of a key that got another name."""

    def rename(keys: Keys, given: str, wanted: str) -> Iterator[Step]:
        if given in keys:
            keys[wanted] = keys.pop(given)
            yield Step(wanted, f"`{given}` is called `{wanted}`")

    return lambda keys: rename(keys, old, new), lambda keys: rename(keys, new, old)


def renamed_value(
    key: str, old: str, new: str
) -> tuple[Callable[[Keys], Iterator[Step]], Callable[[Keys], Iterator[Step]]]:
    """`newer` and `older` of a value that got another name."""

    def rename(keys: Keys, given: str, wanted: str) -> Iterator[Step]:
        if keys.get(key) == given:
            keys[key] = wanted
            yield Step(key, f"`{key}`: `{given}` is called `{wanted}`")

    return lambda keys: rename(keys, old, new), lambda keys: rename(keys, new, old)


def number_for_text(key: str) -> tuple[Callable[[Keys], Iterator[Step]], Callable[[Keys], Iterator[Step]]]:
    """`newer` and `older` of a number that was written as text."""

    def newer(keys: Keys) -> Iterator[Step]:
        value = keys.get(key)
        if isinstance(value, str) and value.strip().isdecimal():
            keys[key] = int(value)
            yield Step(key, f"`{key}` is a number: {keys[key]}")

    def older(keys: Keys) -> Iterator[Step]:
        value = keys.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            keys[key] = str(value)
            yield Step(key, f'`{key}` is text: "{value}"')

    return newer, older


def new_keys(
    names: Mapping[str, str],
) -> tuple[Callable[[Keys], Iterator[Step]], Callable[[Keys], Iterator[Step]]]:
    """`newer` and `older` of keys that were added: name -> what becomes of a spec without it."""

    def newer(keys: Keys) -> Iterator[Step]:
        yield from ()

    def older(keys: Keys) -> Iterator[Step]:
        for name, becomes in names.items():
            if name in keys:
                del keys[name]
                yield Step(name, f"`{name}` is not known there: {becomes}", loss=True)

    return newer, older
