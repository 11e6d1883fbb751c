"""Makes dataclasses of a JSON value, and says of all that does not fit their types where it stands."""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Misfits = list[tuple[str, str]]
"""What does not fit: its place (`plan.steps[3].argv[0]`) and what is wrong there."""
Reader = Callable[[Any, str, Misfits], Any]

MOST_NUMBER = 1 << 63
SHOWN = 60
"""How many characters of a wrong value a message shows."""


def read(kind: type[T], value: Any, misfits: Misfits, place: str = "") -> T | None:
    """The dataclass of a JSON value, its tuples, mappings and dataclasses all the way down.

    None where something does not fit; `misfits` then says all of it.
    """
    before = len(misfits)
    hashable: Any = kind
    made = _reader(hashable)(value, place, misfits)
    return made if len(misfits) == before else None


def _wrong(value: Any, place: str, misfits: Misfits, wanted: str) -> None:
    shown = (
        repr(value)
        if not isinstance(value, list | dict)
        else "a list"
        if isinstance(value, list)
        else "a table"
    )
    shown = shown if len(shown) <= SHOWN else shown[:SHOWN] + "..."
    misfits.append((place, f"is {shown.encode('ascii', 'backslashreplace').decode()}, and must be {wanted}"))


def _text(value: Any, place: str, misfits: Misfits) -> Any:
    if type(value) is not str:
        _wrong(value, place, misfits, "a text")
    elif not value.isascii():
        try:
            value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            _wrong(value, place, misfits, "a text without halves of characters")
    return value


def _whole(value: Any, place: str, misfits: Misfits) -> Any:
    if type(value) is not int or abs(value) >= MOST_NUMBER:
        _wrong(value, place, misfits, "a whole number")
    return value


def _number(value: Any, place: str, misfits: Misfits) -> Any:
    if type(value) not in (int, float) or not abs(value) < MOST_NUMBER or math.isnan(value):
        _wrong(value, place, misfits, "a number")
    return value


def _truth(value: Any, place: str, misfits: Misfits) -> Any:
    if type(value) is not bool:
        _wrong(value, place, misfits, "true or false")
    return value


_SIMPLE: dict[Any, Reader] = {str: _text, int: _whole, float: _number, bool: _truth}


@cache
def _reader(kind: Any) -> Reader:
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        return _list(_reader(arguments[0]))
    if origin is Mapping:
        return _table(_reader(arguments[1]))
    if origin is Literal:
        return _choice(arguments)
    if origin in (Union, types.UnionType):
        return _or_nothing(_reader(next(one for one in arguments if one is not type(None))))
    return _dataclass(kind)


def _list(inner: Reader) -> Reader:
    def reader(value: Any, place: str, misfits: Misfits) -> Any:
        if not isinstance(value, list):
            return _wrong(value, place, misfits, "a list")
        return tuple([inner(item, f"{place}[{index}]", misfits) for index, item in enumerate(value)])

    return reader


def _table(inner: Reader) -> Reader:
    def reader(value: Any, place: str, misfits: Misfits) -> Any:
        if not isinstance(value, dict):
            return _wrong(value, place, misfits, "a table")
        for name in value:
            _text(name, place, misfits)
        return {name: inner(item, f"{place}[{name!r}]", misfits) for name, item in value.items()}

    return reader


def _choice(known: tuple[Any, ...]) -> Reader:
    def reader(value: Any, place: str, misfits: Misfits) -> Any:
        if type(value) is not str or value not in known:
            _wrong(value, place, misfits, "one of " + ", ".join(known))
        return value

    return reader


def _or_nothing(inner: Reader) -> Reader:
    return lambda value, place, misfits: None if value is None else inner(value, place, misfits)


def _dataclass(kind: Any) -> Reader:
    hints = get_type_hints(kind)
    readers = {row.name: _reader(hints[row.name]) for row in fields(kind)}
    needed = [row.name for row in fields(kind) if row.default is MISSING and row.default_factory is MISSING]

    def reader(value: Any, place: str, misfits: Misfits) -> Any:
        if not isinstance(value, dict):
            return _wrong(value, place, misfits, "a table")
        before, dot = len(misfits), f"{place}." if place else ""
        misfits += [(f"{dot}{name}", "is missing") for name in needed if name not in value]
        found = {}
        for name, item in value.items():
            if name in readers:
                found[name] = readers[name](item, dot + name, misfits)
            else:
                _text(name, place, misfits)
                shown = name[:SHOWN].encode("ascii", "backslashreplace").decode()
                misfits.append((f"{dot}{shown}", "is not known"))
        return kind(**found) if len(misfits) == before else None

    return reader
