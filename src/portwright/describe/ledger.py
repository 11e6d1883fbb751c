"""The ledger, `abi.toml`: the one table of an OS's system calls, types, constants, errors and entry state.

Nothing else in portwright holds a number of an OS. The form says as data what is peculiar to one OS: packed
arguments, per-call limits, clocks without an epoch, private error numbers, registers that a call destroys.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from portwright.describe import errno, toml_file
from portwright.describe.ledger_arguments import Fixed as Fixed
from portwright.describe.ledger_arguments import Limit as Limit
from portwright.describe.ledger_arguments import Packed as Packed
from portwright.describe.ledger_arguments import PackedField as PackedField
from portwright.describe.ledger_arguments import Part as Part
from portwright.describe.ledger_arguments import Passed as Passed
from portwright.describe.ledger_layouts import DirectoryRecords as DirectoryRecords
from portwright.describe.ledger_layouts import Struct as Struct
from portwright.describe.ledger_layouts import StructField as StructField
from portwright.describe.model import Described

ErrorStyle = Literal["negative-errno", "carry"]
Natural = Annotated[int, Field(ge=0)]


class Abi(Described):
    """[abi]: how a program calls the kernel. Register names are the CPU's own (see `describe/cpus/`).

    `cpu` is the CPU's name there, `trap` the instruction that enters the kernel. `number` is the register of
    the call's number, `result` that of what it answers. `error` says how a failure is told: a negative
    result, or the carry flag. `flags` says what becomes of the CPU's flags. `why` gives reasons, by key.
    `arguments` are the registers of a call's arguments in order: a call has at most as many. `clobbers` are
    all registers that a call destroys besides the result. `default_source` is the file of the kernel's source
    in which each number was read that has no `source` of its own. `busy` is the error with which the system
    may refuse any call until later: std's layer makes the call again. `second_result` is a register in which calls
    may answer besides. `ignored_traps` are traps that a program may make and that do nothing here (flush caches).
    """

    cpu: str
    trap: str
    number: str
    arguments: list[str]
    result: str
    error: ErrorStyle
    clobbers: list[str]
    flags: Literal["preserved", "destroyed"] = "preserved"
    second_result: str | None = None
    ignored_traps: list[str] = []
    busy: str | None = None
    default_source: str | None = None
    why: dict[str, str] = {}


class ThreadPointer(Described):
    """What the thread pointer is when a program starts, and who must set it up.

    `at_entry`: `zero`, `undefined`, or `tls` (the OS has made the TLS block). `set_by`: `program` (std's
    start-up code makes the block and sets the pointer) or `os`. `through`: a program sets it by the `call` that
    means `set_thread_pointer`, or by writing a `register` of the CPU.
    """

    at_entry: Literal["zero", "undefined", "tls"] = "undefined"
    set_by: Literal["program", "os", "nobody"] = "program"
    through: Literal["call", "register"] = "call"


class Executable(Described):
    """How a program finds its own file: exactly one of these.

    `link` is the path of a symbolic link that holds it (/proc/self/exe). `auxv` is the type of the word in the
    auxiliary vector that is the address of its path (31, AT_EXECFN). `argument = true`: the program's first
    argument, below the directory in which it started.
    """

    link: str | None = None
    auxv: Natural | None = None
    argument: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Executable:
        if (self.link is not None) + (self.auxv is not None) + self.argument != 1:
            raise ValueError("give either `link`, `auxv` or `argument = true`")
        if self.link is not None and (not self.link.startswith("/") or "\0" in self.link):
            raise ValueError("`link` is an absolute path")
        return self


class Entry(Described):
    """The state in which a program's first instruction runs.

    `stack` lists what lies at the stack pointer, upwards. `open_fds` are the descriptors that are open.
    `alignment` is the stack pointer's, in bytes. `registers` says what the others hold. `environment` is what
    the OS gives the first program. `executable` says how a program finds its own file (std's `current_exe`),
    `temporary` where it may put files for a while where TMPDIR does not say it.
    """

    stack: list[Literal["argc", "argv", "null", "envp", "auxv", "pad", "strings"]]
    alignment: int = 16
    registers: Literal["undefined", "zero"] = "undefined"
    thread_pointer: ThreadPointer = ThreadPointer()
    open_fds: list[Natural] = [0, 1, 2]
    environment: dict[str, str] = {}
    executable: Executable | None = None
    temporary: str = "/tmp"

    @property
    def auxv(self) -> bool:
        """Whether an auxiliary vector follows the environment."""
        return "auxv" in self.stack


class Memory(Described):
    """[memory]: the address space that the kernel gives. Sizes and addresses in bytes.

    `page_size` is the size of a page, `stack_top` the first address above the stack. `write_execute` says
    whether memory may be both writable and executable. `stack_size` is what is mapped at the start,
    `stack_limit` what the stack may grow to. `map_base` is where the kernel places mappings: `map_order`
    `up`, from there on, each behind the one before; `down`, below it, each in the highest gap that holds it.
    `break_base` is where the data segment's end starts, `break_limit` the most that it may move, `break_answers` what
    the call that moves it answers: the `end` that holds now, or `nothing` but a failure. `fresh` is what new memory
    holds, `lowest` the first address that may be mapped. `buffer_limit` is the longest range that one call takes.
    """

    page_size: int
    stack_top: Natural
    stack_size: Annotated[int, Field(gt=0)]
    stack_limit: Natural | None = None
    map_base: Natural
    map_order: Literal["up", "down"] = "up"
    break_base: Natural | None = None
    break_limit: Natural | None = None
    break_answers: Literal["end", "nothing"] = "end"
    buffer_limit: Annotated[int, Field(gt=0)] | None = None
    fresh: Literal["zero", "undefined"] = "zero"
    write_execute: Literal["allowed", "refused"] = "allowed"
    lowest: int = 0x1000


class Bits(Described):
    """Some of the bits of a number: so many, from `shift` on (0 is the least significant)."""

    shift: Annotated[int, Field(ge=0, le=31)]
    bits: Annotated[int, Field(ge=1, le=32)]


class WaitStatus(Described):
    """What the number says that `wait` gives.

    `code` is the status of a process that ended itself, `signal` the signal that ended it (0: none did),
    `core_dumped` whether its memory was saved then. What is not said is not in the number.
    """

    code: Bits
    signal: Bits | None = None
    core_dumped: Bits | None = None


POSIX_STATUS = WaitStatus(
    code=Bits(shift=8, bits=8), signal=Bits(shift=0, bits=7), core_dumped=Bits(shift=7, bits=1)
)


class Processes(Described):
    """[processes]: how the processes of the OS live and end.

    `wait_status` is POSIX's unless it is given. `children` says when a forked child runs: beside its parent, or
    only while the parent waits for it (in `wait`, or reading a pipe). `full_pipe` says what writing to a full pipe
    does.
    """

    wait_status: WaitStatus = POSIX_STATUS
    children: Literal["run", "run-when-waited-for"] = "run"
    full_pipe: Literal["waits", "takes-nothing"] = "waits"


class Call(Described):
    """One system call.

    Either `number` or `symbol` (a C function) provides it; `operation` is what it means, where std or the
    userland machine know it; `arguments` in the call's own order (operation argument names, packed words,
    parts, fixed values); names of arguments of a call without an operation are free. `aliases` are further
    numbers of the same call. `blocking`: it may wait. `constants` hold in this call only, and there before
    the ledger's own. `ignores` are constants that the call takes but does nothing for.
    `trap` is the instruction that makes it where that is not [abi]'s: its numbers are its own, and what it answers is
    the result whatever it is. `answers` are fields of the struct that the operation fills which come in the result's
    registers instead. `child_flag`: the second result is 1 in the process that the call makes, whose result is its
    parent's number, and 0 in the old one.
    `counts_nul`: the length of a string that it answers counts the NUL too. `kernel_name` is its
    name in the kernel's source, `kernel_aliases` those of its aliases. `source` is the file in which the
    number was read, where it is not the default one. `note` says in a sentence what a user of the call must
    know.
    """

    number: Natural | None = None
    symbol: str | None = None
    operation: str | None = None
    arguments: list[Passed] | None = None
    aliases: list[Natural] = []
    limit: Limit | None = None
    blocking: bool = False
    constants: dict[str, int] = {}
    ignores: list[str] = []
    counts_nul: bool = False
    source: str | None = None
    kernel_name: str | None = None
    kernel_aliases: list[str] = []
    note: str | None = None
    trap: str | None = None
    answers: Annotated[list[str], Field(max_length=2)] = []
    child_flag: bool = False

    def fixes(self, constant: str) -> bool:
        """Whether the call always passes a constant."""
        passed = self.arguments or []
        return any(isinstance(value, Fixed) and value.value == constant for value in passed)

    @model_validator(mode="after")
    def _one_provider(self) -> Call:
        if (self.number is None) == (self.symbol is None):
            raise ValueError("give either `number` or `symbol`")
        return self


class ErrorNumber(Described):
    """A private error: its number, the `io::ErrorKind` it becomes (none: `Uncategorized`), its message.

    `number` is positive. `kind` is a variant of std's ErrorKind. `message` is what `Display` prints. An error
    with a POSIX name has that error's kind and message if it gives none. `kernel_name` is its name in the
    kernel's source.
    """

    number: int
    kind: str | None = None
    message: str | None = None
    kernel_name: str | None = None


def _error_form(value: Any) -> str:
    return "[description]" if isinstance(value, dict | ErrorNumber) else "[number]"


ErrorEntry = Annotated[
    Annotated[int, Tag("[number]")] | Annotated[ErrorNumber, Tag("[description]")], Discriminator(_error_form)
]


class Source(Described):
    """Where a kind of number stands in the kernel's source, for `ledger check --source`.

    `form` is the extractor (`describe/extractors/`) that reads `file`; `name` says which of several tables in
    the file: the name of an enum, the prefix of macros.
    """

    file: str
    form: str | None = None
    name: str | None = None


class Clock(Described):
    """A clock: its `id`, its `resolution` in nanoseconds, and the `epoch` that it counts from (Unix's, or the
    boot)."""

    id: int
    epoch: Literal["unix", "boot"]
    resolution: int = 1


class Network(Described):
    """What std and the userland machine must know of the OS's network besides calls.

    `hosts` is the path of the file that gives hosts their addresses. `v4_mapped` says whether an IPv6 socket
    also speaks with IPv4 hosts (unless IPV6_V6ONLY is set), whose addresses are then `::ffff:a.b.c.d`.
    """

    hosts: str = "/etc/hosts"
    v4_mapped: bool = True


class Ledger(Described):
    """One OS's ABI. `constants` are what calls take and give, by name. `errors` maps an error's name (POSIX
    where there is one) to its number or description.

    `sources` says where the kernel's source holds the numbers of calls, errors and constants. `why` gives the
    reason of what would surprise a reader, by any key.
    """

    abi: Abi
    entry: Entry
    memory: Memory
    processes: Processes = Processes()
    syscalls: dict[str, Call]
    errors: dict[str, ErrorEntry] = {}
    constants: dict[str, int] = {}
    types: dict[str, Struct] = {}
    directory: DirectoryRecords | None = None
    clocks: dict[Literal["monotonic", "realtime"], Clock] = {}
    network: Network = Network()
    sources: dict[Literal["syscalls", "errors", "constants"], Source] = {}
    why: dict[str, str] = {}

    @field_validator("syscalls")
    @classmethod
    def _named(cls, calls: dict[str, Call]) -> dict[str, Call]:
        if not calls:
            raise ValueError("a ledger without system calls describes nothing")
        return calls

    @field_validator("errors")
    @classmethod
    def _posix(cls, errors: dict[str, int | ErrorNumber]) -> dict[str, int | ErrorNumber]:
        """Give the described errors of POSIX names what POSIX says of them."""
        return {name: _described(name, error) for name, error in errors.items()}

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
        """Number (aliases too) -> (call's name, call), of those behind the trap of [abi]."""
        found: dict[int, tuple[str, Call]] = {}
        for name, call in self.syscalls.items():
            for number in [] if call.number is None or call.trap else [call.number, *call.aliases]:
                found.setdefault(number, (name, call))
        return found

    @property
    def traps(self) -> tuple[str, ...]:
        """The instructions that make calls, that of [abi] first."""
        return tuple(dict.fromkeys([self.abi.trap, *(c.trap for c in self.syscalls.values() if c.trap)]))

    def constant(self, name: str, call: Call | None = None) -> int | None:
        """The value of a constant, as the call (if one is given) has it, or None where there is none."""
        own = call.constants.get(name) if call else None
        return self.constants.get(name) if own is None else own

    def error_number(self, name: str) -> int | None:
        """The OS's number of a POSIX error, or None where it has none."""
        found = self.errors.get(name)
        return found.number if isinstance(found, ErrorNumber) else found


def _described(name: str, error: int | ErrorNumber) -> int | ErrorNumber:
    if isinstance(error, int):
        return error
    kind, message = error.kind or errno.KINDS.get(name), error.message or errno.MESSAGES.get(name)
    return error.model_copy(update={"kind": kind, "message": message})


def ledger_path(folder: Path, variant: str | None = None) -> Path:
    """The ledger's file in a port's folder: `abi.toml`, or `abi.VARIANT.toml`."""
    return folder / (f"abi.{variant}.toml" if variant else "abi.toml")


def load(path: Path) -> Ledger:
    """Read a ledger; raises `BadInput` with every fault of form (see `ledger_check` for faults of sense)."""
    return from_tables(toml_file.read(path), path)


def from_tables(tables: Mapping[str, Any], path: Path) -> Ledger:
    """The ledger of already read tables; `path` is where faults are placed."""
    return toml_file.validate(Ledger, tables, toml_file.Places(path))
