"""Read the next entries of an open directory in the ledger's [directory] form; 0 at the end."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="read_directory",
    family="directories",
    summary="Read the next entries of an open directory in the ledger's [directory] form; 0 at the end. `position` "
    "is the address of a word that is told where the first of them begins.",
    arguments=(
        Argument("fd", "fd"),
        Argument("buffer", "bytes-out", length="length"),
        Argument("length", "size"),
        Argument("position", "address", optional=True, extra=True),
    ),
    result="size",
    unlocks=("std::fs::read_dir", "std::fs::remove_dir_all"),
    weight=5,
    errors=("EBADF", "EINVAL", "ENOTDIR"),
    varies=("buffer", "position"),
    goes_on=True,
)
