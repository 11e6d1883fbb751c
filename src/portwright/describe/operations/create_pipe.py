"""Make a pipe: one open file to read from, and one to write to."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="create_pipe",
    family="descriptors",
    summary="Make a pipe: one open file to read from, and one to write to.",
    arguments=(
        Argument("fds", "struct-out", type="fd_pair"),
        Argument("flags", "flags", constants="O_", optional=True),
    ),
    result="none",
    unlocks=(
        "std::io::pipe",
        "std::process::Stdio::piped",
        "std::process::Command::output",
    ),
    weight=5,
    errors=(
        "EMFILE",
        "ENFILE",
        "EINVAL",
        "EFAULT",
    ),
)
