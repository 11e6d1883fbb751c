"""The words in which faults are asked for (`write=EIO,nth=3`): text -> rule and back, with every mistake at its place.

FAULT = CALLS "=" EFFECT { "," CONDITION }; see docs/fault-injection.md. What a rule does is `injection.py`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from portwright.base.errors import BadInput, Fault, Where, closest
from portwright.describe import errno
from portwright.describe.ledger import Ledger
from portwright.describe.operation import Operation, vocabulary
from portwright.run.failure import nearest

ANY = "*"
SHORT = "short"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class Rule:
    """One fault. `calls` are names of operations or of the ledger's calls; `error` or `short` is what happens.

    It happens to the calls `first` to `last` of those that match (`fd`, `path`), to each `every`-th of them,
    with a `probability` (by `seed`, else by the run's own), at most `times` times, and not before `after` bytes
    have been moved. `fd`: the least and the greatest number (None: any). `late`: the call is done, and only
    then says that it failed.
    """

    calls: tuple[str, ...]
    error: str | None = None
    short: int | None = None
    first: int = 1
    last: int | None = None
    every: int = 1
    probability: float | None = None
    seed: int | None = None
    times: int | None = None
    after: int | None = None
    fd: tuple[int, int | None] | None = None
    late: bool = False
    path: str | None = None

    def __str__(self) -> str:
        effect = self.error or (SHORT if self.short == 1 else f"{SHORT}:{self.short}")
        return ",".join(["+".join(self.calls) + "=" + effect, *self._conditions()])

    def _conditions(self) -> Iterator[str]:
        if self.last is not None or self.first != 1:
            yield f"nth={_range_text(self.first, self.last)}"
        if self.every != 1:
            yield f"every={self.every}"
        for name in ("probability", "seed", "times", "after"):
            value = getattr(self, name)
            if value is not None:
                yield f"{name}={value}"
        if self.fd is not None:
            yield f"fd={_range_text(*self.fd)}"
        if self.late:
            yield "late"
        if self.path is not None:
            yield f"path={self.path}"

    def aims_at(self, call: str, operation: str) -> bool:
        """Whether a call that means an operation is one of the rule's; an operation's name is no call's as well."""
        if self.calls == (ANY,) or operation in self.calls:
            return True
        return call in self.calls and call not in vocabulary()


def _range_text(low: int, high: int | None) -> str:
    return f"{low}" if low == high else f"{low}..{'' if high is None else high}"


@dataclass(frozen=True, slots=True)
class Shape:
    """Where a call of an operation has what rules look at: indices among its arguments.

    `length` is how many bytes are asked for; `counted`: the result says how many it were. `partial`: it may do
    less than asked for.
    """

    fds: tuple[int, ...]
    paths: tuple[int, ...]
    length: int | None
    counted: bool
    partial: bool

    @property
    def shortens(self) -> bool:
        """Whether a call can be made to do less, and succeed."""
        return self.partial and self.length is not None


def shape(operation: Operation) -> Shape:
    """The shape of an operation's calls."""
    names = [argument.name for argument in operation.arguments]
    sizes = [a.length for a in operation.arguments if a.kind in ("bytes-in", "bytes-out") and a.length]
    sizes += [a.name for a in operation.arguments if a.kind == "size" and a.name == "length"]
    return Shape(
        fds=tuple(i for i, a in enumerate(operation.arguments) if a.kind == "fd"),
        paths=tuple(i for i, a in enumerate(operation.arguments) if a.kind == "path"),
        length=names.index(sizes[0]) if sizes else None,
        counted=operation.result == "size",
        partial=operation.partial,
    )


@dataclass(slots=True)
class _Reading:
    """One text on its way to a rule: what is said so far, where each was said, and what is wrong."""

    text: str
    said: dict[str, object] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    faults: list[tuple[int, Fault]] = field(default_factory=list)

    def wrong(self, at: int, what: str, hint: str | None = None) -> None:
        where = Where(f"--faults {self.text}")
        self.faults.append((at, Fault(f"character {at + 1}: {what}", where, hint, "run/faults")))


def parse(text: str, ledger: Ledger) -> tuple[Rule | None, list[Fault]]:
    """The rule that a text means under a ledger, or everything that is wrong with it, in the text's order."""
    reading = _Reading(text)
    target, equals, rest = text.partition("=")
    if not equals or not target or not rest:
        hint = "write CALL=ERROR[,CONDITION...], for example write=EIO,nth=3"
        reading.wrong(len(target), "this names no call and what becomes of it", hint)
        return None, [fault for _, fault in reading.faults]
    operations = _calls(reading, target, ledger)
    at = len(target) + 1
    words = list(_words(rest, at))
    _effect(reading, *words[0], ledger)
    for word, place in words[1:]:
        _condition(reading, word, place)
    _together(reading, operations)
    reading.faults.sort(key=lambda row: row[0])
    faults = [fault for _, fault in reading.faults]
    return (None if faults else Rule(**reading.said), faults)  # type: ignore[arg-type]


def _words(rest: str, at: int) -> Iterator[tuple[str, int]]:
    """The parts between commas with their places; a path is the last one and may have commas of its own."""
    while True:
        word, comma, others = rest.partition(",")
        if word.startswith("path="):
            yield rest, at
            return
        yield word, at
        if not comma:
            return
        at += len(word) + 1
        rest = others


def _calls(reading: _Reading, target: str, ledger: Ledger) -> list[Operation]:
    """The operations that the names stand for."""
    known: dict[str, list[Operation]] = {name: [] for name in ledger.syscalls}
    for name, call in ledger.syscalls.items():
        meant = vocabulary().get(call.operation or "")
        if meant is not None:
            known[name] += [] if name in vocabulary() else [meant]
            known.setdefault(meant.name, []).append(meant)
    reading.said["calls"] = tuple(target.split("+"))
    if target == ANY:
        return [operation for found in known.values() for operation in found]
    operations, at = [], 0
    for name in target.split("+"):
        if name in known and not known[name]:
            reading.wrong(at, f"`{name}` means no operation in the ledger, so that nothing performs it here")
        elif name in vocabulary() and name not in known:
            reading.wrong(at, f"no call of the ledger means the operation `{name}`")
        elif name not in known:
            near = closest(name, known)
            hint = f"did you mean `{near}`?" if near else "`portwright ledger show PORT` lists the calls"
            reading.wrong(at, f"no call or operation is called `{name}`", hint)
        operations += known.get(name, [])
        at += len(name) + 1
    return operations


def _effect(reading: _Reading, word: str, at: int, ledger: Ledger) -> None:
    reading.places["effect"] = at
    if word == SHORT or word.startswith(f"{SHORT}:"):
        count = word.removeprefix(SHORT).removeprefix(":") if word != SHORT else "1"
        reading.said["short"] = _natural(reading, count, at + len(SHORT) + 1, 0)
    elif word in ledger.errors:
        reading.said["error"] = word
    elif not _NAME.match(word):
        reading.wrong(at, f"`{word}` is neither an error's name nor {SHORT}[:BYTES]")
    else:
        near = None if word in errno.NAMES else closest(word, [*ledger.errors, SHORT])
        hint = f"did you mean `{near}`?" if near else f"the nearest that it has is {nearest(ledger, word)[0]}"
        reading.wrong(at, f"the ledger has no error `{word}`", hint)


def _condition(reading: _Reading, word: str, at: int) -> None:
    name, equals, value = word.partition("=")
    reader = _CONDITIONS.get(name)
    if reader is None:
        near = closest(name, _CONDITIONS)
        hint = f"did you mean `{near}`?" if near else f"conditions: {', '.join(_CONDITIONS)}"
        reading.wrong(at, f"there is no condition `{name}`", hint)
        return
    key = "nth" if name == "once" else name
    if key in reading.places:
        reading.wrong(at, f"`{key}` was said already, at character {reading.places[key] + 1}")
        return
    reading.places[key] = at
    if bool(equals) != (name not in _WORDS):
        form = f"`{name}` stands alone" if name in _WORDS else f"`{name}` needs a value: {name}=..."
        reading.wrong(at, form)
        return
    reader(reading, value, at + len(name) + 1)


def _natural(reading: _Reading, text: str, at: int, least: int) -> int:
    if text.isascii() and text.isdecimal() and int(text) >= least:
        return int(text)
    reading.wrong(at, f"`{text}` is no whole number from {least}")
    return least


def _range(reading: _Reading, text: str, at: int, least: int) -> tuple[int, int | None]:
    """`3`, `3..5` or `3..`."""
    first, dots, last = text.partition("..")
    low = _natural(reading, first, at, least)
    if not dots:
        return low, low
    high = _natural(reading, last, at + len(first) + 2, least) if last else None
    if high is not None and high < low:
        reading.wrong(at, f"`{text}` ends before it begins")
    return low, high


def _nth(reading: _Reading, text: str, at: int) -> None:
    reading.said["first"], reading.said["last"] = _range(reading, text, at, 1)


def _fd(reading: _Reading, text: str, at: int) -> None:
    reading.said["fd"] = _range(reading, text, at, 0)


def _once(reading: _Reading, text: str, at: int) -> None:
    reading.said["last"] = 1


def _probability(reading: _Reading, text: str, at: int) -> None:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        reading.wrong(at, f"`{text}` is no probability: above 0, and at most 1")
    reading.said["probability"] = value


def _after(reading: _Reading, text: str, at: int) -> None:
    from portwright.run.options import size  # which holds rules itself

    try:
        reading.said["after"] = size(text)
    except BadInput as error:
        reading.wrong(at, error.faults[0].what, error.faults[0].hint)


def _path(reading: _Reading, text: str, at: int) -> None:
    if not text:
        reading.wrong(at, "an empty path matches nothing")
    reading.said["path"] = text


def _late(reading: _Reading, text: str, at: int) -> None:
    reading.said["late"] = True


def _number(name: str, least: int) -> Callable[[_Reading, str, int], None]:
    def read(reading: _Reading, text: str, at: int) -> None:
        reading.said[name] = _natural(reading, text, at, least)

    return read


_WORDS = ("once", "late")
_CONDITIONS: Mapping[str, Callable[[_Reading, str, int], None]] = {
    "once": _once,
    "nth": _nth,
    "every": _number("every", 1),
    "probability": _probability,
    "seed": _number("seed", 0),
    "times": _number("times", 1),
    "after": _after,
    "fd": _fd,
    "late": _late,
    "path": _path,
}


def _together(reading: _Reading, operations: list[Operation]) -> None:
    """What fits each word alone, but not one with another."""
    places, said = reading.places, reading.said
    if "seed" in places and "probability" not in places:
        reading.wrong(places["seed"], "`seed` decides nothing without `probability`")
    for other in ("after", "effect"):
        if "late" in places and other in places and (other == "after" or "short" in said):
            reading.wrong(
                places["late"], f"`late` does not go with `{SHORT if other == 'effect' else other}`"
            )
    if not operations:
        return
    shapes = [shape(operation) for operation in operations]
    left, all_fit = shapes, True
    needs: list[tuple[str, bool, Callable[[Shape], bool], str]] = [
        ("fd", "fd" in places, lambda one: bool(one.fds), "takes a file's number"),
        ("path", "path" in places, lambda one: bool(one.paths), "takes a path"),
        ("after", "after" in places, lambda one: one.length is not None, "is told a length in bytes"),
        ("effect", "short" in said, lambda one: one.shortens, "may do less than it is asked for"),
    ]
    for word, asked, fits, what in needs:
        if asked and not any(fits(one) for one in shapes):
            all_fit = False
            reading.wrong(places[word], f"no call that is named here {what}")
        left = [one for one in left if not asked or fits(one)]
    if all_fit and not left:
        reading.wrong(0, "no single call that is named here has all that the conditions ask for")
