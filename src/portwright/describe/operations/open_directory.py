"""Open a directory for reading its entries. Where no call means this, std opens the directory as a file."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="open_directory",
    family="directories",
    summary="Open a directory for reading its entries. Where no call means this, std opens the directory as a file.",
    arguments=(Argument("path", "path"),),
    result="fd",
    unlocks=("std::fs::read_dir",),
    weight=5,
    errors=("ENOENT", "EACCES", "ENOTDIR"),
)
