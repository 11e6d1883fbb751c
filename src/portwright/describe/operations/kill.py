"""Send a process a signal."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="kill",
    family="children",
    summary="Send a process a signal.",
    arguments=(
        Argument("process", "integer"),
        Argument("signal", "choice", constants="SIG"),
    ),
    result="none",
    unlocks=(
        "std::process::Child::kill",
        "std::process::abort by SIGABRT",
    ),
    weight=3,
    errors=(
        "ESRCH",
        "EPERM",
        "EINVAL",
    ),
)
