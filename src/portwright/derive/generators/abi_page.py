"""The ABI page of a ledger, in Markdown: for people who write programs, a libc or a debugger for the OS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from portwright.derive.types_rust import one_line
from portwright.describe import errno
from portwright.describe.cpu import cpu
from portwright.describe.ledger import Call, ErrorNumber, Fixed, Ledger, Packed, Part, Passed
from portwright.describe.operation import vocabulary
from portwright.describe.port import Port

MARK = "<!-- Made by portwright"
"""How a page that may be overwritten begins."""


def generate(port: Port) -> str:
    """The page's text."""
    ledger = port.ledger
    parts: list[Iterable[str]] = [
        _head(port),
        _calling(ledger),
        _entry(ledger),
        _memory(ledger),
        _clocks(ledger),
        _calls(ledger),
        _errors(ledger),
        _constants(ledger),
        _structs(ledger),
        _directory(ledger),
        _why(ledger),
    ]
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def _head(port: Port) -> Iterator[str]:
    yield f"{MARK} from the ledger of {port.target}: change the ledger, not this page. -->"
    yield f"# The ABI of {port.os} ({port.target})"
    yield ""
    yield f"{one_line(port.manifest.port.summary).rstrip('.')}."
    yield ""


def _calling(ledger: Ledger) -> Iterator[str]:
    abi = ledger.abi
    yield from _title("How a call is made")
    told = {
        "negative-errno": "as the negative error number in the result",
        "carry": "by the carry flag, with the error number as the result",
    }[abi.error]
    destroyed = dict.fromkeys([*cpu(abi.cpu).traps[abi.trap].clobbers, *abi.clobbers])
    rows = [
        ("CPU, trap", f"{abi.cpu}, `{abi.trap}`"),
        ("number in", f"`{abi.number}`"),
        ("arguments in", ", ".join(f"`{name}`" for name in abi.arguments) or "none"),
        ("result in", f"`{abi.result}`"),
        ("a failure is told", told),
        ("destroyed", ", ".join(f"`{name}`" for name in destroyed) or "nothing"),
        ("flags", abi.flags),
    ]
    if abi.busy is not None:
        rows.append(("may be refused for a while with", f"`{abi.busy}`: make the call again"))
    yield from _table(("what", "how"), rows)
    yield from _reasons(abi.why)


def _entry(ledger: Ledger) -> Iterator[str]:
    entry = ledger.entry
    yield from _title("What a program finds at its first instruction")
    pointer = {"zero": "0", "undefined": "undefined", "tls": "the TLS block that the OS has made"}
    rows = [
        ("at the stack pointer, upwards", ", ".join(entry.stack) or "nothing"),
        ("the stack pointer's alignment", f"{entry.alignment} bytes"),
        ("other registers", entry.registers),
        ("thread pointer", pointer[entry.thread_pointer.at_entry]),
        ("who sets the thread pointer", f"the {entry.thread_pointer.set_by}".replace("the nobody", "nobody")),
        ("open descriptors", ", ".join(map(str, entry.open_fds)) or "none"),
    ]
    rows += [(f"environment `{name}`", f"`{value}`") for name, value in entry.environment.items()]
    yield from _table(("what", "is"), rows)


def _memory(ledger: Ledger) -> Iterator[str]:
    yield from _title("Memory")
    memory = ledger.memory.model_dump(by_alias=True, exclude_none=True)
    yield from _table(
        ("what", "is"), [(name.replace("-", " "), _shown(value)) for name, value in memory.items()]
    )


def _clocks(ledger: Ledger) -> Iterator[str]:
    if not ledger.clocks:
        return
    yield from _title("Clocks")
    rows = [
        (
            name,
            str(clock.id),
            {"unix": "1970-01-01", "boot": "the boot"}[clock.epoch],
            f"{clock.resolution} ns",
        )
        for name, clock in ledger.clocks.items()
    ]
    yield from _table(("clock", "number", "counts from", "resolution"), rows)


def _calls(ledger: Ledger) -> Iterator[str]:
    yield from _title("System calls")
    yield "What an operation means is in portwright's list of operations; a dash: it means none of them."
    yield ""
    rows = []
    for name, call in sorted(
        ledger.syscalls.items(), key=lambda row: (row[1].number is None, row[1].number or 0)
    ):
        numbers = ", ".join(str(n) for n in [call.number, *call.aliases] if n is not None)
        passed = _passed(call)
        rows.append(
            (numbers or f"symbol `{call.symbol}`", f"`{name}`", passed, call.operation or "-", _notes(call))
        )
    yield from _table(("number", "call", "arguments", "operation", "to know"), rows)


def _passed(call: Call) -> str:
    arguments: Sequence[Passed] | None = call.arguments
    if arguments is None:
        if call.operation is None:
            return "not known"
        arguments = [argument.name for argument in vocabulary()[call.operation].arguments]
    return ", ".join(map(_argument, arguments)) or "none"


def _argument(passed: Passed) -> str:
    match passed:
        case Fixed():
            return f"`{passed.value}`"
        case Packed():
            return " + ".join(f"{row.argument} ({row.bits} bits << {row.shift})" for row in passed.pack)
        case Part():
            return (
                f"{passed.argument} in {passed.as_}"
                if passed.as_ != "length"
                else f"length of {passed.argument}"
            )
        case _:
            return str(passed)


def _notes(call: Call) -> str:
    notes = [one_line(call.note)] if call.note else []
    if call.blocking:
        notes.append("May wait.")
    if call.limit is not None:
        notes.append(f"At most {call.limit.at_most} for {call.limit.argument}.")
    if call.ignores:
        notes.append(f"Does nothing for {', '.join(f'`{name}`' for name in call.ignores)}.")
    notes += [f"Here `{name}` is {_shown(value)}." for name, value in call.constants.items()]
    return " ".join(notes)


def _errors(ledger: Ledger) -> Iterator[str]:
    if not ledger.errors:
        return
    yield from _title("Errors")
    rows = []
    for name, error in ledger.errors.items():
        if isinstance(error, ErrorNumber):
            rows.append((str(error.number), f"`{name}`", error.kind or "Uncategorized", error.message or ""))
        else:
            rows.append(
                (
                    str(error),
                    f"`{name}`",
                    errno.KINDS.get(name, "Uncategorized"),
                    errno.MESSAGES.get(name, ""),
                )
            )
    rows.sort(key=lambda row: int(row[0]))
    yield from _table(("number", "name", "`io::ErrorKind`", "message"), rows)


def _constants(ledger: Ledger) -> Iterator[str]:
    if not ledger.constants:
        return
    yield from _title("Constants")
    rows = [(f"`{name}`", _shown(value)) for name, value in ledger.constants.items()]
    yield from _table(("name", "value"), rows)


def _structs(ledger: Ledger) -> Iterator[str]:
    if ledger.types:
        yield from _title("Structs")
    for name, layout in ledger.types.items():
        yield f"### `{name}`: {layout.size} bytes"
        yield ""
        if layout.note:
            yield one_line(layout.note)
            yield ""
        rows = [
            (f"`{field}`", str(place.offset), str(place.size), "yes" if place.signed else "no")
            for field, place in sorted(layout.fields.items(), key=lambda row: row[1].offset)
        ]
        yield from _table(("field", "offset", "bytes", "signed"), rows)


def _directory(ledger: Ledger) -> Iterator[str]:
    if ledger.directory is None:
        return
    yield from _title("Directory entries")
    described = ledger.directory.model_dump(by_alias=True, exclude_none=True)
    rows = [(name, _shown(value)) for name, value in described.items()]
    yield from _table(("what", "is"), rows)


def _why(ledger: Ledger) -> Iterator[str]:
    if ledger.why:
        yield from _title("What would surprise")
        yield from _reasons(ledger.why)


def _reasons(why: dict[str, str]) -> Iterator[str]:
    for key, reason in why.items():
        yield f"* `{key}`: {one_line(reason)}"
    if why:
        yield ""


def _title(text: str) -> Iterator[str]:
    yield f"## {text}"
    yield ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def _shown(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        if isinstance(value, dict):
            return ", ".join(f"{key} {_shown(inner)}" for key, inner in value.items()) or "none"
        return str(value)
    return f"{value:#x}" if value > 9 else str(value)
