"""Say what a signal does to the process: its default, nothing, or a handler."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="signal_action",
    family="signals",
    summary="Say what a signal does to the process: its default, nothing, or a handler.",
    arguments=(
        Argument("signal", "choice", constants="SIG"),
        Argument("action", "struct-in", type="sigaction", nullable=True),
        Argument("old", "struct-out", type="sigaction", optional=True, nullable=True),
        Argument("length", "size", optional=True),
    ),
    result="none",
    unlocks=("ErrorKind::BrokenPipe instead of an end by SIGPIPE",),
    weight=3,
    errors=(
        "EINVAL",
        "EFAULT",
    ),
)
