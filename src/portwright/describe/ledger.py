"""The ledger, `abi.toml`: the one table of an OS's system calls, types, constants, errors and entry state.

Nothing else in portwright holds a number of an OS. The form says as data what is peculiar to one OS: packed
arguments, per-call limits, clocks without an epoch, private error numbers, registers that a call destroys.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from portwright.describe import toml_file
from portwright.describe.model import Described

ErrorStyle = Literal["negative-errno", "carry"]


class Abi(Described):
    """How a program calls the kernel. Register names are the CPU's own (see `describe/cpus/`)."""

    cpu: str
    trap: str
    number: str
    arguments: list[str]
    result: str
    error: ErrorStyle
    clobbers: list[str]
    flags: Literal["preserved", "destroyed"] = "preserved"
    default_source: str | None = None
    why: dict[str, str] = {}


class ThreadPointer(Described):
    """What the thread pointer is when a program starts, and who must set it up.

    `at_entry`: `zero`, `undefined`, or `tls` (the OS has made the TLS block). `set_by`: `program` (std's
    start-up code makes the block and calls `set_thread_pointer`) or `os`.
    """

    at_entry: Literal["zero", "undefined", "tls"] = "undefined"
    set_by: Literal["program", "os", "nobody"] = "program"


class Entry(Described):
    """The state in which a program's first instruction runs.

    `stack` lists what lies at the stack pointer, upwards. `alignment` is the stack pointer's, in bytes.
    `auxv` may only be true if `stack` has it.
    """

    stack: list[Literal["argc", "argv", "null", "envp", "auxv", "pad", "strings"]]
    alignment: int = 16
    registers: Literal["undefined", "zero"] = "undefined"
    thread_pointer: ThreadPointer = ThreadPointer()
    open_fds: list[int] = [0, 1, 2]
    environment: dict[str, str] = {}

    @property
    def auxv(self) -> bool:
        """Whether an auxiliary vector follows the environment."""
        return "auxv" in self.stack


class Memory(Described):
    """The address space that the kernel gives. Sizes and addresses in bytes."""

    page_size: int
    stack_top: int
    stack_size: int
    stack_limit: int | None = None
    map_base: int
    break_base: int | None = None
    fresh: Literal["zero", "undefined"] = "zero"
    write_execute: Literal["allowed", "refused"] = "allowed"
    lowest: int = 0x1000


class PackedField(Described):
    """One argument inside a packed word: the argument's value, shifted left by `shift` bits."""

    argument: str
    shift: int
    bits: int


class Packed(Described):
    """A system-call argument made of several of the operation's arguments."""

    pack: list[PackedField]


class Part(Described):
    """A system-call argument that is a property of an operation's argument.

    `as`: `length` (bytes of a path without its NUL), `milliseconds`, `microseconds`, `nanoseconds`,
    `seconds` (of a duration that the operation passes as a `timespec`).
    """

    argument: str
    as_: Literal["length", "milliseconds", "microseconds", "nanoseconds", "seconds"] = Field(alias="as")


class Fixed(Described):
    """A system-call argument that is always the same: a number, or constants by name joined with `|`."""

    value: int | str


Passed = str | Packed | Part | Fixed


class Limit(Described):
    """The largest value that one call accepts for an argument; std's layer repeats the call, others fail."""

    argument: str
    at_most: int
    beyond: str | None = None


class Call(Described):
    """One system call.

    Either `number` or `symbol` (a C function) provides it; `operation` is what it means, where std or the
    userland machine know it; `arguments` in the call's own order (operation argument names, packed words,
    parts, fixed values); names of arguments of a call without an operation are free. `aliases` are further
    numbers of the same call.
    """

    number: int | None = None
    symbol: str | None = None
    operation: str | None = None
    arguments: list[Passed] | None = None
    aliases: list[int] = []
    limit: Limit | None = None
    blocking: bool = False
    constants: dict[str, int] = {}
    source: str | None = None
    kernel_name: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _one_provider(self) -> Call:
        if (self.number is None) == (self.symbol is None):
            raise ValueError("give either `number` or `symbol`")
        return self


class ErrorNumber(Described):
    """A private error: its number, the `io::ErrorKind` it becomes (none: `Uncategorized`), its message."""

    number: int
    kind: str | None = None
    message: str | None = None


class StructField(Described):
    """Where a field lies in a struct, in bytes; `signed` for a two's-complement number."""

    offset: int
    size: Annotated[int, Field(gt=0)]
    signed: bool = False


class Struct(Described):
    """The layout of a struct that crosses the system-call boundary; `size` and offsets in bytes."""

    size: int
    fields: dict[str, StructField]
    source: str | None = None
    note: str | None = None


class DirectoryRecords(Described):
    """How directory entries are read.

    `form = "records"`: one call fills a buffer with several records, each with its length in `length`
    (`struct dirent` of getdents). `form = "one-name"`: one call gives one entry: the name, a NUL, then a type
    byte; the result is the name's length, 0 at the end. `types` maps the type values to `file`, `directory`,
    `symlink`, `char-device`, `block-device`, `pipe`, `socket`.
    """

    form: Literal["records", "one-name"]
    length: StructField | None = None
    inode: StructField | None = None
    type: StructField | None = None
    name: int | None = None
    types: dict[str, int] = {}

    @model_validator(mode="after")
    def _whole(self) -> DirectoryRecords:
        if self.form == "records" and (self.length is None or self.name is None):
            raise ValueError('form = "records" needs `length` and `name`')
        return self


class Clock(Described):
    """A clock: its id, its resolution in nanoseconds, and what it counts from (`unix`, `boot`)."""

    id: int
    epoch: Literal["unix", "boot"]
    resolution: int = 1


class Ledger(Described):
    """One OS's ABI. `errors` maps an error's name (POSIX where there is one) to its number or description."""

    abi: Abi
    entry: Entry
    memory: Memory
    syscalls: dict[str, Call]
    errors: dict[str, int | ErrorNumber] = {}
    constants: dict[str, int] = {}
    types: dict[str, Struct] = {}
    directory: DirectoryRecords | None = None
    clocks: dict[Literal["monotonic", "realtime"], Clock] = {}
    why: dict[str, str] = {}

    @field_validator("syscalls")
    @classmethod
    def _named(cls, calls: dict[str, Call]) -> dict[str, Call]:
        if not calls:
            raise ValueError("a ledger without system calls describes nothing")
        return calls

    @property
    def offers(self) -> Mapping[str, tuple[str, Call]]:
        """Operation -> (call's name, call); the first call in the file that means an operation provides it."""
        found: dict[str, tuple[str, Call]] = {}
        for name, call in self.syscalls.items():
            if call.operation is not None:
                found.setdefault(call.operation, (name, call))
        return found

    @property
    def numbers(self) -> Mapping[int, tuple[str, Call]]:
        """Number (aliases too) -> (call's name, call)."""
        found: dict[int, tuple[str, Call]] = {}
        for name, call in self.syscalls.items():
            for number in [] if call.number is None else [call.number, *call.aliases]:
                found.setdefault(number, (name, call))
        return found

    def error_number(self, name: str) -> int | None:
        """The OS's number of a POSIX error, or None where it has none."""
        found = self.errors.get(name)
        return found.number if isinstance(found, ErrorNumber) else found


def ledger_path(folder: Path, variant: str | None = None) -> Path:
    """The ledger's file in a port's folder: `abi.toml`, or `abi.VARIANT.toml`."""
    return folder / (f"abi.{variant}.toml" if variant else "abi.toml")


def load(path: Path) -> Ledger:
    """Read a ledger; raises `BadInput` with every fault of form (see `ledger_check` for faults of sense)."""
    return from_tables(toml_file.read(path), path)


def from_tables(tables: Mapping[str, Any], path: Path) -> Ledger:
    """The ledger of already read tables; `path` is where faults are placed."""
    return toml_file.validate(Ledger, tables, toml_file.Places(path))
