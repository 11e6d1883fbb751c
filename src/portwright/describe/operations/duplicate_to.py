"""Make a number stand for an open file; what it stood for is closed."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="duplicate_to",
    family="descriptors",
    summary="Make a number stand for an open file; what it stood for is closed.",
    arguments=(
        Argument("fd", "fd"),
        Argument("target", "fd"),
        Argument("flags", "flags", constants="O_", optional=True),
    ),
    result="fd",
    unlocks=("std::process::Command's stdin, stdout and stderr (with fork)",),
    weight=4,
    errors=(
        "EBADF",
        "EBUSY",
        "EINTR",
        "EINVAL",
    ),
)
