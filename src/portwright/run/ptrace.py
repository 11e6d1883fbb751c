"""Linux's ptrace, as thin and fast as Python can call it; knows no CPU and no policy.

A traced process answers only to the thread that traces it: every call here must come from that one thread.
"""

from __future__ import annotations

import ctypes
import errno as errors
import functools
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

CONT = 7
SYSCALL = 24
GETREGSET = 0x4204
SETREGSET = 0x4205
SYSEMU = 31
SETOPTIONS = 0x4200
GETEVENTMSG = 0x4201
GETSIGINFO = 0x4202
SEIZE = 0x4206
LISTEN = 0x4208
GET_SYSCALL_INFO = 0x420E

OPTION_SYSTEM_CALLS_MARKED = 0x1  # PTRACE_O_TRACESYSGOOD
OPTION_FORKS_FOLLOWED = 0x2  # PTRACE_O_TRACEFORK: a process's copy is traced from its beginning
OPTION_ALL_FOLLOWED = 0x2 | 0x4 | 0x8  # PTRACE_O_TRACEFORK, TRACEVFORK, TRACECLONE: threads too
OPTION_EXECUTIONS_SHOWN = 0x10  # PTRACE_O_TRACEEXEC
OPTION_EXIT_KILLS = 0x10_0000  # PTRACE_O_EXITKILL: no guest outlives its tracer

NT_PRSTATUS = 1
NT_PRFPREG = 2

# The library's function by way of a PyDLL, which keeps the GIL: these calls never block, and giving the GIL away
# costs as much as the call itself. The waiting is done by os.waitpid, which does give it away.
_call = ctypes.PyDLL(None, use_errno=True).ptrace
_call.restype = ctypes.c_long
_call.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)

STOPPED_IN_CALL = ((signal.SIGTRAP | 0x80) << 8) | 0x7F  # what waitpid says of a stop at a system call


STOPPED_IN_FORK = (((1 << 8) | signal.SIGTRAP) << 8) | 0x7F  # PTRACE_EVENT_FORK: a copy has been made


EVENT_EXEC = 4
EVENT_STOP = 128


def event_of(status: int) -> int:
    """The ptrace event at which a traced process stopped; 0 where it was none."""
    return status >> 16


def stopped_by(status: int) -> int:
    """The number of the signal at which a traced process stopped."""
    return os.WSTOPSIG(status)


class Gone(Exception):
    """The traced process is not there any more (or not stopped, which only its end can cause)."""


_quick = ctypes.PyDLL(None).ptrace
_quick.restype = ctypes.c_long


def request(kind: int, pid: int, address: int = 0, data: int = 0) -> None:
    """Make one ptrace request; raises `Gone` or `OSError`."""
    if _call(kind, pid, address, data) == -1:
        number = ctypes.get_errno()
        if number == errors.ESRCH:
            raise Gone
        raise OSError(number, os.strerror(number))


def prepared(kind: int, pid: int, address: int = 0, data: int = 0) -> Callable[[], int]:
    """A request ready to be made again and again, as quickly as can be: it answers -1 where it fails."""
    words = (ctypes.c_long(kind), ctypes.c_long(pid), ctypes.c_void_p(address), ctypes.c_void_p(data))
    return functools.partial(_quick, *words)


def event_message(pid: int) -> int:
    """What the event at which a process stopped is about: of a fork, the copy's id."""
    message = ctypes.c_ulong()
    request(GETEVENTMSG, pid, 0, ctypes.addressof(message))
    return message.value


class _CallInfo(ctypes.Structure):
    _fields_ = (
        ("op", ctypes.c_uint8),
        ("arch", ctypes.c_uint32),
        ("pc", ctypes.c_uint64),
        ("sp", ctypes.c_uint64),
        (
            "words",
            ctypes.c_uint64 * 7,
        ),  # at the beginning: the number and six arguments; at the end: the result
        ("more", ctypes.c_uint64 * 2),
    )


def call_info(pid: int) -> tuple[bool, tuple[int, ...]] | None:
    """Of a process stopped at a system call: whether it is the call's beginning, with the number and six arguments,
    or its end, with the result; None at any other stop."""
    info = _CallInfo()
    request(GET_SYSCALL_INFO, pid, ctypes.sizeof(info), ctypes.addressof(info))
    if info.op not in (1, 2):
        return None
    return info.op == 1, tuple(info.words)


class _Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class RegisterSet:
    """One of a process's register sets (`note` as in core files), fetched and stored as a whole.

    `words` and `octets` are views of the same bytes.
    """

    def __init__(self, pid: int, note: int, size: int) -> None:
        self._pid = pid
        self._note = note
        self._bytes = ctypes.create_string_buffer(size)
        self._vector = _Iovec(ctypes.addressof(self._bytes), size)
        self._place = ctypes.addressof(self._vector)
        self.octets = memoryview(self._bytes).cast("B")
        self.words = self.octets.cast("Q")
        self.quick_fetch = prepared(GETREGSET, pid, note, self._place)
        self.quick_store = prepared(SETREGSET, pid, note, self._place)

    @property
    def size(self) -> int:
        """How many bytes the last `fetch` brought: a set may be smaller than the room for it."""
        return self._vector.length or 0

    def fetch(self) -> None:
        """Read the registers from the stopped process; raises `Gone` or `OSError`."""
        if self.quick_fetch():
            request(GETREGSET, self._pid, self._note, self._place)

    def store(self) -> None:
        """Write the registers to the stopped process; raises `Gone` or `OSError`."""
        if self.quick_store():
            request(SETREGSET, self._pid, self._note, self._place)


@dataclass(frozen=True, slots=True)
class SignalInfo:
    """What stopped the process: the signal, why (`code`), the address of a fault or the sender's id."""

    number: int
    code: int
    address: int
    sender: int


def signal_info(pid: int) -> SignalInfo:
    """The siginfo_t of the signal at which the process stopped."""
    data = ctypes.create_string_buffer(128)
    request(GETSIGINFO, pid, 0, ctypes.addressof(data))
    raw = data.raw

    def number(place: int, size: int, signed: bool = True) -> int:
        return int.from_bytes(raw[place : place + size], "little", signed=signed)

    return SignalInfo(number(0, 4), number(8, 4), number(16, 8, signed=False), number(16, 4))
