"""Describe the terminal that an open file is; ENOTTY where it is none."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="terminal_status",
    family="files",
    summary="Describe the terminal that an open file is; ENOTTY where it is none.",
    arguments=(
        Argument("fd", "fd"),
        Argument("status", "struct-out", type="termios", optional=True),
    ),
    result="none",
    unlocks=("std::io::IsTerminal",),
    weight=2,
    errors=("EBADF", "ENOTTY"),
)
