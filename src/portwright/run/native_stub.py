"""The process that a native guest lives in: a tiny static ELF that asks to be traced and stops, and its seals.

Makes bytes only (a program, a seccomp filter); `engines/native.py` starts and traces it.
"""

from __future__ import annotations

import struct

from portwright.run.cpu import Hosted

BASE = 0x1_0000
MAP_FLAGS = 0x2 | 0x20 | 0x4000 | 0x10_0000  # PRIVATE, ANONYMOUS, NORESERVE, FIXED_NOREPLACE
STUB_FLAGS = 0x2 | 0x20 | 0x10  # PRIVATE, ANONYMOUS, FIXED: over whatever may lie there
PR_SET_NO_NEW_PRIVS = 38
PR_SET_PDEATHSIG = 1
SECCOMP_SET_MODE_FILTER = 1
FORK_FLAGS = 0x8000 | 17  # CLONE_PARENT, so that the copy is the tracer's own child; SIGCHLD

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
BEFORE_CODE = _HEADER.size + _SEGMENT.size


def program(cpu: Hosted, machine: int) -> bytes:
    """A static program of one read-and-execute segment that holds only `cpu.begin`."""
    start = BEFORE_CODE
    size = start + len(cpu.begin)
    ident = b"\x7fELF\x02\x01\x01"
    header = _HEADER.pack(
        ident, 2, machine, 1, BASE + start, _HEADER.size, 0, 0, _HEADER.size, _SEGMENT.size, 1, 0, 0, 0
    )
    segment = _SEGMENT.pack(1, 4 | 1, 0, BASE, BASE, size, size, 0x1000)
    return header + segment + cpu.begin


_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06  # BPF: load a word of seccomp_data; jump if equal; return
_KILL, _TRAP, _ALLOW = 0x8000_0000, 0x0003_0000, 0x7FFF_0000
_NUMBER, _ARCH, _WHERE, _WHERE_HIGH, _ARGUMENTS = 0, 4, 8, 12, 16


def seal(cpu: Hosted) -> bytes:
    """A seccomp filter, the second lock behind SYSEMU: what the engine injects passes, and nothing else.

    Allowed are mmap (of fresh private memory only), munmap, mprotect and clone (of the whole process only), and
    only from the stub's own system call instruction. Anything else kills the process; a call through the host's
    vsyscall page, which the host kernel emulates without a trap, becomes a SIGSYS that is reported.
    """
    after = cpu.page + cpu.stub_after_call
    rows: list[tuple[int, str | int, str | int, int]] = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 0, "kill", cpu.audit_arch),
        (_LOAD, 0, 0, _WHERE_HIGH),
        (_EQUAL, "trap", 0, 0xFFFF_FFFF),
        (_EQUAL, 0, "kill", after >> 32),
        (_LOAD, 0, 0, _WHERE),
        (_EQUAL, 0, "kill", after & 0xFFFF_FFFF),
        (_LOAD, 0, 0, _NUMBER),
        (_EQUAL, "allow", 0, cpu.calls["munmap"]),
        (_EQUAL, "allow", 0, cpu.calls["mprotect"]),
        (_EQUAL, 3, 0, cpu.calls["clone"]),
        (_EQUAL, 0, "kill", cpu.calls["mmap"]),
        (_LOAD, 0, 0, _ARGUMENTS + 3 * 8),
        (_EQUAL, "allow", "kill", MAP_FLAGS),
        (_LOAD, 0, 0, _ARGUMENTS),
        (_EQUAL, "allow", "kill", FORK_FLAGS),
    ]
    ends = {"kill": _KILL, "trap": _TRAP, "allow": _ALLOW}
    place = {name: len(rows) + index for index, name in enumerate(ends)}

    def jump(target: str | int, row: int) -> int:
        return place[target] - row - 1 if isinstance(target, str) else target

    code = [
        struct.pack("<HBBI", kind, jump(yes, row), jump(no, row), value)
        for row, (kind, yes, no, value) in enumerate(rows)
    ]
    code += [struct.pack("<HBBI", _RETURN, 0, 0, value) for value in ends.values()]
    return b"".join(code)


def filter_program(code: bytes, address: int) -> bytes:
    """`struct sock_fprog` followed by the filter, as they lie in memory at `address`."""
    head = struct.pack("<HxxxxxxQ", len(code) // 8, address + 16)
    return head + code
