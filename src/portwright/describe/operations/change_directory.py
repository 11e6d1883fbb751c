"""Make a directory the current one."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="change_directory",
    family="process",
    summary="Make a directory the current one.",
    arguments=(Argument("path", "path"),),
    result="none",
    unlocks=("std::env::set_current_dir",),
    weight=3,
    errors=("ENOENT", "ENOTDIR", "EACCES"),
)
