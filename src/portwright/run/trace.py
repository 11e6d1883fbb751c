"""An strace of the port: raw calls -> calls in words, with the ledger's own names, and as lines.

Describing reads the guest's memory, so it is done right after the call (or at once when a report is made);
nothing of it runs where nobody asks.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Literal, Protocol

from portwright.base.errors import fail
from portwright.describe.cpu import Cpu
from portwright.describe.errno import MESSAGES
from portwright.describe.ledger import Ledger
from portwright.describe.operation import Argument, vocabulary
from portwright.run.constants import Names
from portwright.run.decode import signed
from portwright.run.dispatch import Ended, Variant
from portwright.run.engine import BadAddress
from portwright.run.events import Called
from portwright.run.failure import Failed
from portwright.run.structs import Layout

LONGEST_TEXT = 48
LONGEST_PATH = 4096
MOST_STRINGS = 16
_ESCAPES = {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x22: '\\"', 0x5C: "\\\\", 0: "\\0"}


def quoted(data: bytes, longest: int = LONGEST_TEXT) -> str:
    """Bytes as a C string; `...` behind it where they are more than are shown."""
    shown = "".join(
        _ESCAPES.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}")
        for byte in data[:longest]
    )
    return f'"{shown}"' + ("..." if len(data) > longest else "")


class Readable(Protocol):
    """The memory of a process."""

    def read(self, address: int, length: int) -> bytes:
        """See `AddressSpace.read`."""

    def read_string(self, address: int, longest: int) -> bytes:
        """See `AddressSpace.read_string`."""


class Traced(Protocol):
    """A process whose calls are put into words: one of the userland machine's, or one on this machine's kernel."""

    id: int
    ledger: Ledger
    cpu: Cpu

    @property
    def space(self) -> Readable:
        """Its memory."""

    @property
    def several(self) -> bool:
        """Whether there has ever been more than one thread."""

    def layout(self, name: str) -> Layout:
        """See `Process.layout`."""


class Describer:
    """Puts the calls of one process into words."""

    def __init__(self, process: Traced) -> None:
        self._process = process
        self._began = time.monotonic()
        self._names: dict[tuple[str, str], Names] = {}

    def describe(self, ended: Ended) -> Called:
        """The call in words, with what its buffers hold now."""
        called = self._describe(ended)
        if not self._process.several:
            return called
        return replace(called, process=self._process.id, thread=ended.thread)

    def _describe(self, ended: Ended) -> Called:
        variant = ended.variant
        seconds = time.monotonic() - self._began
        if variant is None:
            arguments = self._raw(tuple(f"arg{i + 1}" for i in range(len(ended.registers))), ended.registers)
            return Called(
                f"syscall_{ended.number}", ended.number, arguments, ended.result, ended.error, None, seconds
            )
        if variant.operation is None or variant.sources is None:
            names = [item if isinstance(item, str) else "packed" for item in variant.call.arguments or ()]
            names += [f"arg{i + 1}" for i in range(len(names), len(ended.registers))]
            arguments = self._raw(names, ended.registers)
        else:
            arguments = tuple(
                (argument.name, self._text(argument, variant, ended))
                for argument in variant.operation.arguments
                if argument.name in variant.sources.whole or argument.name in variant.sources.parts
            )
        meant = variant.call.operation
        injected = None if ended.injected is None else str(ended.injected)
        return Called(
            variant.name, ended.number, arguments, ended.result, ended.error, meant, seconds, injected
        )

    @staticmethod
    def _raw(names: Sequence[str], registers: Sequence[int]) -> tuple[tuple[str, str], ...]:
        return tuple((name, hex(value)) for name, value in zip(names, registers, strict=False))

    def _text(self, argument: Argument, variant: Variant, ended: Ended) -> str:
        assert variant.sources is not None
        fetch = variant.sources.whole.get(argument.name)
        if fetch is None:
            return self._parts(argument, variant, ended)
        raw = fetch(ended.registers)
        match argument.kind:
            case "fd":
                return str(signed(raw, 32))
            case "offset" | "integer":
                return str(signed(raw, self._process.cpu.pointer_bits))
            case "size":
                return str(raw)
            case "mode":
                return f"0{raw & 0o7777:o}"
            case "flags":
                return self._constants(variant, argument).text(raw)
            case "choice":
                return self._constants(variant, argument).choice(raw)
            case "option":
                return self._option(argument, raw, variant, ended)
            case "address":
                return hex(raw) if raw else "NULL"
            case _:
                return self._memory(argument, raw, variant, ended)

    def _option(self, argument: Argument, raw: int, variant: Variant, ended: Ended) -> str:
        """An option is named by the decoder: its constants depend on another argument of the call."""
        if variant.operation is None or not ended.values:
            return hex(raw)
        return str(ended.values[variant.operation.arguments.index(argument)])

    def _constants(self, variant: Variant, argument: Argument) -> Names:
        key = (variant.name, argument.constants or "")
        if key not in self._names:
            constants = {**self._process.ledger.constants, **variant.call.constants}
            self._names[key] = Names(constants, key[1])
        return self._names[key]

    @staticmethod
    def _parts(argument: Argument, variant: Variant, ended: Ended) -> str:
        assert variant.sources is not None
        parts = variant.sources.parts[argument.name].items()
        return "+".join(f"{ended.registers[index]} {unit}" for unit, index in parts)

    def _memory(self, argument: Argument, address: int, variant: Variant, ended: Ended) -> str:
        if not address:
            return "NULL"
        try:
            text = self._content(argument, address, variant, ended)
        except (BadAddress, Failed):
            text = None
        return text if text is not None else hex(address)

    def _content(self, argument: Argument, address: int, variant: Variant, ended: Ended) -> str | None:
        space, failed = self._process.space, ended.error is not None
        if argument.kind == "path":
            values = ended.values
            index = (
                [a.name for a in variant.operation.arguments].index(argument.name) if variant.operation else 0
            )
            path = values[index] if values else space.read_string(address, LONGEST_PATH)
            return quoted(path, LONGEST_PATH)
        if argument.kind == "strings":
            return self._strings(argument, variant, ended)
        if argument.kind in ("struct-in", "struct-out"):
            if argument.kind == "struct-out" and failed:
                return None
            described = self._process.ledger.types.get(argument.type or "")
            if described is None:
                return None
            fields = self._process.layout(argument.type or "").unpack(space.read(address, described.size))
            return "{" + ", ".join(_field(n, v) for n, v in fields.items() if v or len(fields) < 4) + "}"
        if argument.kind in ("vectors-in", "vectors-out"):
            return self._vectors(argument, address, variant, ended)
        if argument.kind == "length-inout":
            length = int.from_bytes(space.read(address, 4), self._process.cpu.endian)
            return f"[{length}]"
        length, bounded = self._length(argument, variant, ended)
        if argument.kind == "bytes-out":
            if failed or ended.result is None:
                return None
            counts = variant.operation is not None and variant.operation.result == "size" and not bounded
            length = min(length, ended.result) if counts else length
        data = space.read(address, min(length, LONGEST_TEXT + 1))
        return quoted(data)

    def _vectors(self, argument: Argument, address: int, variant: Variant, ended: Ended) -> str | None:
        """What is in several buffers, as many as a reader can take in; of those that a call fills what it filled."""
        fetch = variant.sources.whole.get(argument.length or "") if variant.sources else None
        if fetch is None or (
            argument.kind == "vectors-out" and (ended.error is not None or ended.result is None)
        ):
            return None
        count, shown = fetch(ended.registers), []
        layout, left = self._process.layout(argument.type or ""), ended.result
        for index in range(min(count, MOST_STRINGS)):
            row = layout.unpack(self._process.space.read(address + index * layout.size, layout.size))
            length = row["iov_len"]
            if argument.kind == "vectors-out" and left is not None:
                length = min(length, left)
                left -= length
            shown.append(quoted(self._process.space.read(row["iov_base"], min(length, LONGEST_TEXT + 1))))
        return "[" + ", ".join(shown + ["..."] * (count > MOST_STRINGS)) + "]"

    @staticmethod
    def _strings(argument: Argument, variant: Variant, ended: Ended) -> str | None:
        """A list of strings, as many as a reader can take in."""
        if ended.values is None or variant.operation is None:
            return None
        index = [a.name for a in variant.operation.arguments].index(argument.name)
        found = ended.values[index]
        shown = [quoted(text) for text in found[:MOST_STRINGS]]
        return "[" + ", ".join(shown + ["..."] * (len(found) > MOST_STRINGS)) + "]"

    def _length(self, argument: Argument, variant: Variant, ended: Ended) -> tuple[int, bool]:
        """How many bytes an argument has, and whether the call wrote that number itself."""
        fetch = variant.sources.whole.get(argument.length or "") if variant.sources else None
        if fetch is None or variant.operation is None:
            return 0, False
        value = fetch(ended.registers)
        if variant.operation.argument(argument.length or "").kind != "length-inout":
            return value, False
        return int.from_bytes(self._process.space.read(value, 4), self._process.cpu.endian), True


def _field(name: str, value: int) -> str:
    return f"{name}=0{value:o}" if name.endswith("mode") else f"{name}={value}"


def text_line(called: Called) -> str:
    """One call as strace shows it."""
    arguments = ", ".join(text for _, text in called.arguments)
    injected = " (injected)" if called.injected is not None else ""
    whose = f"[{called.process}:{called.thread}] " if called.thread is not None else ""
    return f"{whose}{called.name}({arguments}) = {result_text(called)}{injected}"


def result_text(called: Called) -> str:
    """A call's result: `?` where it did not come back, an error by name, an address in hexadecimal."""
    if called.result is None:
        return "?"
    if called.error is not None:
        message = MESSAGES.get(called.error)
        return f"{called.result} {called.error}" + (f" ({message})" if message else "")
    meant = vocabulary().get(called.operation or "")
    return hex(called.result) if meant is not None and meant.result == "address" else str(called.result)


def json_line(called: Called) -> str:
    """One call as one line of JSON."""
    row = asdict(called) | {"arguments": dict(called.arguments), "seconds": round(called.seconds, 6)}
    return json.dumps({"event": "call", **row}, ensure_ascii=False)


FORMS: dict[str, Callable[[Called], str]] = {"text": text_line, "json": json_line}


class Tracer:
    """Writes each call as a line, in a form of `FORMS`, to a file descriptor."""

    def __init__(self, describer: Describer, form: Literal["text", "json"], fd: int) -> None:
        self._describe = describer.describe
        self._line = FORMS[form]
        self._fd = fd

    def __call__(self, ended: Ended) -> None:
        """Write one call."""
        write_line(self._fd, self._line(self._describe(ended)))


def write_line(fd: int, text: str) -> None:
    """Write one line of a trace whole; raises `PortwrightError` where it cannot be written."""
    line = text.encode("utf-8", "backslashreplace") + b"\n"
    try:
        while line:
            line = line[os.write(fd, line) :]
    except OSError as error:
        hint = "`--trace-file` puts it elsewhere"
        raise fail(f"cannot write the trace: {error.strerror}", None, hint, "run/trace") from error
