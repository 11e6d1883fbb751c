"""Start a program in a new process, whose number is the result; the three files become its standard streams."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="spawn",
    family="children",
    summary="Start a program in a new process, whose number is the result; the three files become its standard streams.",
    arguments=(
        Argument("path", "path"),
        Argument("arguments", "strings"),
        Argument("environment", "strings"),
        Argument("directory", "path", optional=True, nullable=True),
        Argument("stdin", "fd", optional=True),
        Argument("stdout", "fd", optional=True),
        Argument("stderr", "fd", optional=True),
    ),
    result="integer",
    unlocks=("std::process::Command (with wait)",),
    weight=6,
    errors=(
        "ENOENT",
        "EACCES",
        "ENOEXEC",
        "E2BIG",
        "ENOTDIR",
        "EBADF",
        "ENOMEM",
        "EAGAIN",
    ),
    begins="process",
)
