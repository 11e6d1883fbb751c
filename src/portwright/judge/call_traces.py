"""Two traces of one program compared, thread by thread: what it asked of the userland machine and of a real kernel.

Values that differ from run to run (addresses, numbers of processes, times, random bytes) are given names first, or
left out; what operations say of themselves (`varies`, `chance`, `begins`) tells which. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, zip_longest

from portwright.describe.operation import Argument, Operation, vocabulary
from portwright.judge.verdict import Verdict
from portwright.run.events import Called

FIRST = "main"
SHOWN_BEFORE = 3
PROGRAM_END = 1 << 32  # static programs lie below: their own addresses are the same in each run
# Fields that depend on the file system and on who runs the program, not on what was done.
VARYING_FIELDS: Mapping[str, frozenset[str]] = {
    "stat": frozenset(
        f"st_{name}"
        for name in (
            *("dev", "ino", "uid", "gid", "rdev", "blksize", "blocks"),
            *("atime", "mtime", "ctime", "atime_nsec", "mtime_nsec", "ctime_nsec"),
        )
    ),
    "utsname": frozenset({"nodename", "release", "version", "machine", "sysname", "domainname"}),
}
DIRECTORY = re.compile(r"st_mode=04[0-7]{4}\b|st_mode=040[0-7]{3}\b")
NUMERAL = r"(?<![0-9])(?:{})(?![0-9])"
NUMBER = "(a number)"
LENGTHS = ("length",)
OWNERS = ("process", "thread")  # arguments that are numbers of processes and threads
PANICKED = re.compile(rb"^(thread '[^\n]*' )\(\d+\)(?= panicked at )", re.MULTILINE)
SYSTEM_PATH = re.compile(r'^"/proc/')


@dataclass(frozen=True, slots=True)
class Line:
    """A call in the words that are compared; `unnumbered` where the program's own numbers stand in them."""

    text: str
    unnumbered: str

    def agrees(self, other: Line) -> bool:
        """Whether both are the same call: by its words, or by those without the program's own numbers."""
        return self.text == other.text or self.unnumbered == other.unnumbered


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a thread's two traces part: the calls on either side (None: it made no more), and those before."""

    thread: str
    place: int
    machine: str | None
    kernel: str | None
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """One side: how the program ended, what it wrote, and what it called."""

    status: int
    stdout: bytes
    stderr: bytes
    calls: tuple[Called, ...]


def judge(machine: Seen, kernel: Seen) -> Verdict:
    """Whether both sides show the same; if not, what differs first, and all of it as evidence."""
    found: list[tuple[str, str]] = []
    if machine.status != kernel.status:
        what = f"exit status {machine.status} in the machine, {kernel.status} on the kernel"
        found.append((what, what))
    for name in ("stdout", "stderr"):
        one, other = getattr(machine, name), getattr(kernel, name)
        if one != other and _without_numbers(one, machine.calls) != _without_numbers(other, kernel.calls):
            found.append((f"{name} differs", _lines_differ(name, one, other)))
    for each in compare(machine.calls, kernel.calls):
        what = f"call {each.place + 1} of thread {each.thread}: {each.machine or 'none'} in the machine"
        found.append((f"{what}, {each.kernel or 'none'} on the kernel", _shown(each)))
    if not found:
        return Verdict(
            "passed", "the same output, status and calls" if kernel.calls else "the same output and status"
        )
    return Verdict("wrong", found[0][0], "\n".join(text for _, text in found))


def _shown(difference: Difference) -> str:
    rows = [f"thread {difference.thread}, call {difference.place + 1}:"]
    rows += [f"    both:    {line}" for line in difference.before]
    rows.append(f"    machine: {difference.machine or '(no more calls)'}")
    rows.append(f"    kernel:  {difference.kernel or '(no more calls)'}")
    return "\n".join(rows)


def _without_numbers(data: bytes, calls: Sequence[Called]) -> bytes:
    """Output in which a process or a thread tells its own number."""
    data = PANICKED.sub(rb"\1(a number)", data)
    numbers = own_numbers(calls)
    if not numbers:
        return data
    return re.sub(NUMERAL.format("|".join(numbers)).encode(), NUMBER.encode(), data)


def own_numbers(calls: Sequence[Called]) -> list[str]:
    """The numbers of processes and threads that a program has been told."""
    numbers = set()
    for called in calls:
        meant = vocabulary().get(called.operation or "")
        if meant is not None and meant.result == "integer" and ("result" in meant.varies or meant.begins):
            numbers.add(str(called.result))
    return sorted(numbers, reverse=True)


def _lines_differ(name: str, one: bytes, other: bytes) -> str:
    for number, (left, right) in enumerate(zip_longest(one.splitlines(), other.splitlines()), 1):
        if left != right:
            rows = (f"{name}, line {number}:", f"    machine: {_line(left)}", f"    kernel:  {_line(right)}")
            return "\n".join(rows)
    return f"{name}: only the ends of lines differ"


def _line(line: bytes | None) -> str:
    return "(no more lines)" if line is None else line[:200].decode(errors="replace")


def compare(machine: Sequence[Called], kernel: Sequence[Called]) -> tuple[Difference, ...]:
    """The first difference of each thread, in the order of their beginning; none where the traces agree."""
    several = any(called.thread is not None for called in (*machine, *kernel))
    ours, theirs = _Trace(machine, several).threads(), _Trace(kernel, several).threads()
    found = []
    for name in dict.fromkeys((*ours, *theirs)):
        left, right = ours.get(name, []), theirs.get(name, [])
        for place, (one, other) in enumerate(zip_longest(left, right)):
            if one is None or other is None or not one.agrees(other):
                before = tuple(line.text for line in left[max(0, place - SHOWN_BEFORE) : place])
                texts = [None if each is None else each.text for each in (one, other)]
                found.append(Difference(name, place, texts[0], texts[1], before))
                break
    return tuple(found)


@dataclass
class _Memory:
    """The mappings that one thread has made, so that an address can be said by the mapping that it is in."""

    maps: list[tuple[int, int, str]] = field(default_factory=list)

    def name(self, address: int) -> str:
        if address == 0:
            return "NULL"
        for start, length, name in reversed(self.maps):
            if start <= address < start + length:
                return f"{name}+{address - start:#x}"
        return hex(address) if address < PROGRAM_END else "an address"


class _Trace:
    """One trace, made ready for comparison."""

    def __init__(self, calls: Sequence[Called], several: bool) -> None:
        self._calls, self._several = calls, several
        self._threads: dict[int, str] = {}
        self._processes: dict[int, str] = {}
        self._memories: dict[int, _Memory] = {}
        self._main: int | None = None  # the first process's number
        self._name_threads()
        numbers = own_numbers(calls)
        self._numbers = re.compile(NUMERAL.format("|".join(numbers))) if numbers else None

    def threads(self) -> dict[str, list[Line]]:
        """The calls of each thread in words."""
        rows: dict[str, list[tuple[Called, Line]]] = {}
        for called in self._calls:
            meant = vocabulary().get(called.operation or "")
            returns_in_child = (
                meant is not None and meant.begins and called.result == 0 and called.error is None
            )
            if returns_in_child or (self._several and meant is not None and meant.chance):
                continue
            name = self._name(called)
            rows.setdefault(name, []).append((called, self._words(called, meant)))
        return {name: list(_joined(found, self._goes_on)) for name, found in rows.items()}

    def _goes_on(self, called: Called) -> bool:
        """Whether the call may be one with the next of its kind; what is read of others comes as they write it."""
        meant = vocabulary().get(called.operation or "")
        if meant is None or called.error is not None:
            return False
        reads = meant.partial and any(argument.kind == "bytes-out" for argument in meant.arguments)
        return meant.goes_on or (self._several and reads)

    # --- whose call it is

    def _name_threads(self) -> None:
        """A thread is named by who began it: `main.2` is the second that the first one began."""
        begun: list[tuple[int | None, int, bool]] = []
        for called in self._calls:
            meant = vocabulary().get(called.operation or "")
            if meant is not None and meant.begins and called.result and called.error is None:
                begun.append((called.thread, called.result, meant.begins == "process"))
        children = {child for _, child, _ in begun}
        firsts = [c for c in self._calls if c.thread is not None and c.thread not in children]
        for first in firsts[:1]:
            assert first.thread is not None
            self._threads[first.thread], self._main = FIRST, first.process
        count: dict[str, int] = {}
        left = begun
        while left:
            known = [row for row in left if row[0] is None or row[0] in self._threads]
            if not known:
                break
            for parent, child, is_process in known:
                above = FIRST if parent is None else self._threads[parent]
                count[above] = count.get(above, 0) + 1
                name = f"{above}.{'child ' if is_process else ''}{count[above]}"
                self._threads.setdefault(child, name)
                if is_process:
                    self._processes.setdefault(child, name)
            left = [row for row in left if row not in known]

    def _name(self, called: Called) -> str:
        if called.thread is None:
            return FIRST
        name = self._threads.get(called.thread)
        if name is None and called.process is not None:
            name = self._processes.get(called.process)
        return name or FIRST

    # --- the call itself

    def _words(self, called: Called, meant: Operation | None) -> Line:
        process = 0 if called.process in (None, self._main) else called.process
        memory = self._memories.setdefault(process or 0, _Memory())
        texts = dict(called.arguments)
        given = {n: self._argument(n, text, meant, called, memory, texts) for n, text in called.arguments}
        result = self._result(called, meant, memory, texts)
        plain = f"{called.name}({', '.join(given.values())}) = {result}"
        told = {name: self._unnumbered(name, text, meant) for name, text in given.items()}
        if told == given:
            return Line(plain, plain)
        # How long it is depends on the number, too.
        kept = ", ".join(text for name, text in told.items() if name not in LENGTHS)
        return Line(plain, f"{called.name}({kept}) = {called.error or '...'}")

    def _unnumbered(self, name: str, text: str, meant: Operation | None) -> str:
        if meant is None or self._numbers is None or meant.argument(name).kind != "bytes-in":
            return text
        told = self._numbers.sub(NUMBER, text)
        return told if told == text else told[: told.index(NUMBER) + len(NUMBER)] + "..."

    def _argument(
        self,
        name: str,
        text: str,
        meant: Operation | None,
        called: Called,
        memory: _Memory,
        texts: Mapping[str, str],
    ) -> str:
        if meant is None:
            return text
        argument = meant.argument(name)
        if name in meant.varies or (argument.kind == "bytes-out" and _of_the_system(texts)):
            return "..."
        if argument.kind == "fd" and self._several:
            return "a descriptor" if int(text) > 2 else text  # which is free depends on the other threads
        if name in OWNERS:
            return self._number(text)
        if argument.kind == "address":
            return memory.name(_integer(text))
        if text.startswith("0x"):  # a pointer to what could not be shown
            return "..."
        return _struct(argument, text) if argument.type else text

    def _number(self, text: str) -> str:
        if text.lstrip("-").isdigit() and int(text) in self._threads:
            return self._threads[int(text)]
        return text

    def _result(
        self, called: Called, meant: Operation | None, memory: _Memory, texts: Mapping[str, str]
    ) -> str:
        if meant is not None and "result" in meant.varies and called.error is None:
            return "..."
        if called.result is None:
            return "?"
        if called.error is not None:
            return called.error
        if meant is None:
            return str(called.result)
        if meant.result == "address":
            if "length" in texts and memory.name(called.result) == "an address":
                number = "" if self._several else f" {len(memory.maps) + 1}"  # threads race for the next
                memory.maps.append((called.result, int(texts["length"]), f"mapping{number}"))
            return memory.name(called.result)
        if meant.result == "size" and _of_the_system(texts):
            return "..."
        if meant.begins:
            return self._threads.get(called.result, "another")
        if meant.result == "fd" and self._several:
            return "a descriptor"
        owner = meant.result == "integer" and any(each.name in OWNERS for each in meant.arguments)
        return self._number(str(called.result)) if owner else str(called.result)


def _of_the_system(texts: Mapping[str, str]) -> bool:
    """Whether a call is about a file of the system's own, which says something else to each program."""
    return SYSTEM_PATH.match(texts.get("path", "")) is not None


def _integer(text: str) -> int:
    return 0 if text == "NULL" else int(text, 0)


def _struct(argument: Argument, text: str) -> str:
    """A struct's fields without those that vary; a folder's size is its file system's affair."""
    varying = VARYING_FIELDS.get(argument.type or "", frozenset())
    if not varying or not text.startswith("{"):
        return text
    if DIRECTORY.search(text):
        varying |= {"st_size", "st_nlink"}
    fields = [each for each in text.strip("{}").split(", ") if each.partition("=")[0] not in varying]
    return "{" + ", ".join(fields) + "}"


def _joined(rows: Sequence[tuple[Called, Line]], goes_on: Callable[[Called], bool]) -> Iterator[Line]:
    """Calls that go on where the one before ended are one: entries of a folder, looks at a clock, reads of a pipe."""

    def run(row: tuple[Called, Line]) -> tuple[object, ...]:
        called, line = row
        return (called.name, dict(called.arguments).get("fd")) if goes_on(called) else (line, id(row))

    for _, group in groupby(rows, key=run):
        found = list(group)
        called, line = found[0]
        if goes_on(called) and "fd" in dict(called.arguments):
            total = f"{called.name}, {sum(each.result or 0 for each, _ in found)} bytes in all"
            yield Line(total, total)
        else:
            yield line
