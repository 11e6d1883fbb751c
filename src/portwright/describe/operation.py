"""What an operation is: the meaning of a system call, with the kinds of its arguments and of its result.

The vocabulary itself is in `operations/`, one file per operation, each with one `OPERATION`. An operation is
the same name in three places: `describe/operations/NAME.py` (this meaning), `run/operations/NAME.py` (what
the userland machine does) and a function `NAME` in `derive/layer/` (how std calls it).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from portwright.base import rooms

Kind = Literal[
    "fd",  # an open file, or a directory handle
    "bytes-in",  # address of bytes that the call reads; `length` names the argument that counts them
    "bytes-out",  # address of bytes that the call writes; `length` names the argument that counts them
    "path",  # address of a path (NUL-terminated in std's calls; its length can be passed too)
    "strings",  # address of an array of addresses of NUL-terminated strings, ended by a null
    "size",  # a count of bytes, unsigned
    "offset",  # a position in bytes, signed
    "address",  # an address in the guest
    "flags",  # bits named by constants; `constants` is their prefix
    "choice",  # one of the constants with prefix `constants`
    "mode",  # permission bits, POSIX
    "vectors-in",  # address of an array of the ledger's `iovec`s, whose bytes the call reads; `length` counts them
    "vectors-out",  # address of an array of the ledger's `iovec`s, whose bytes the call writes; `length` counts them
    "struct-out",  # address of a struct that the call writes; `type` names it in the ledger's [types]
    "struct-in",  # address of a struct that the call reads; `type` names it in the ledger's [types]
    "integer",  # a plain signed number
    "length-inout",  # address of a 32-bit length: before the call the room, after it how much there is
    "option",  # the number of an option of the protocol that the argument `level` names: see OPTIONS
]
Result = Literal["none", "never", "size", "fd", "offset", "address", "integer"]
Family = Literal[
    "files",
    "directories",
    "memory",
    "process",
    "threads",
    "time",
    "random",
    "sockets",
    "descriptors",
    "children",
    "signals",
]

KINDS: tuple[str, ...] = get_args(Kind)
# The prefix of the constants that are options of a protocol, by the constant that names the protocol.
OPTIONS = {"SOL_SOCKET": "SO_", "IPPROTO_TCP": "TCP_", "IPPROTO_IP": "IP_", "IPPROTO_IPV6": "IPV6_"}


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of an operation, in the vocabulary's own order.

    `constants` is the prefix of the constants that it is made of; of several, the first has precedence. A call that
    has no `optional` argument still means the operation: what it would say is then left to the OS. A `nullable`
    struct or path may be missing from a call that passes it: its address is then 0. `level` names the argument
    that says to which protocol an option belongs. `extra`: most systems' calls do without it, and nobody misses it.
    """

    name: str
    kind: Kind
    length: str | None = None
    constants: str | None = None
    type: str | None = None
    optional: bool = False
    nullable: bool = False
    level: str | None = None
    extra: bool = False

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The prefixes of the constants that the argument is made of."""
        return tuple((self.constants or "").split())


@dataclass(frozen=True, slots=True)
class Operation:
    """The meaning of a system call.

    `unlocks` lists what of std becomes possible with it (`std::fs::File::open`), `weight` says how much a
    porter gains by offering it (10: nothing runs without it; 1: rarely missed): `portwright std` sorts by it.
    `errors` are the POSIX names of the failures that a caller must expect. `partial`: a call may do less than it
    was asked for and succeed, and the caller goes on from there. `settled` are errors which say that things are so
    already as the call was to make them: a caller may take them for success. `returns_twice`: the call comes back
    once more, in a new thread, with the result 0.

    How two runs of one program may differ in it: `varies` are the arguments (and `result`) that are others each time
    (random bytes, times, numbers of processes and of ports); `chance`: how often it is called, and by which thread,
    depends on time and on other threads; `goes_on`: several calls in a row may do what one does. `begins`: its
    result is a new thread or process.
    """

    name: str
    family: Family
    summary: str
    arguments: tuple[Argument, ...]
    result: Result
    unlocks: tuple[str, ...]
    weight: int
    errors: tuple[str, ...] = ()
    partial: bool = False
    settled: tuple[str, ...] = ()
    returns_twice: bool = False
    varies: tuple[str, ...] = ()
    chance: bool = False
    goes_on: bool = False
    begins: Literal["thread", "process"] | None = None

    def argument(self, name: str) -> Argument:
        """The argument of that name; KeyError where there is none."""
        for argument in self.arguments:
            if argument.name == name:
                return argument
        raise KeyError(name)


ROOM = "portwright.describe.operations"


@cache
def operation(name: str) -> Operation:
    """The operation of that name; raises `BadInput` that says which file to add."""
    found = rooms.load(ROOM, rooms.entry_name(name)).OPERATION
    assert isinstance(found, Operation)
    return found


@cache
def vocabulary() -> dict[str, Operation]:
    """Every operation, by name, in alphabetical order."""
    return {rooms.module_name(name): operation(rooms.module_name(name)) for name in rooms.names(ROOM)}


def belongs(name: str, prefix: str) -> bool:
    """Whether a constant has the prefix; one like `SIG` goes on within the word (SIGPIPE, not SIG_IGN)."""
    return name.startswith(prefix) and not name.startswith(f"{prefix}_")
