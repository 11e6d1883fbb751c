"""Map fresh or file-backed memory; the result is its address. std asks for private anonymous memory."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="map_memory",
    family="memory",
    summary="Map fresh or file-backed memory; the result is its address. std asks for private anonymous memory.",
    arguments=(
        Argument("address", "address", optional=True),
        Argument("length", "size"),
        Argument("protection", "flags", constants="PROT_", optional=True),
        Argument("flags", "flags", constants="MAP_", optional=True),
        Argument("fd", "fd", optional=True),
        Argument("offset", "offset", optional=True),
    ),
    result="address",
    unlocks=("the heap: Box, Vec, String, HashMap",),
    weight=10,
    errors=("ENOMEM", "EINVAL", "EPERM"),
    chance=True,
)
