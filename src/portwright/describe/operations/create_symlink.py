"""Make a symbolic link: `path` is the new link, `target` the text that it holds."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="create_symlink",
    family="files",
    summary="Make a symbolic link: `path` is the new link, `target` the text that it holds.",
    arguments=(
        Argument("path", "path"),
        Argument("target", "path"),
    ),
    result="none",
    unlocks=("std::fs::soft_link", "std::os symlink"),
    weight=3,
    errors=("ENOENT", "EACCES", "EEXIST", "ENOTDIR", "ENAMETOOLONG", "EROFS"),
)
