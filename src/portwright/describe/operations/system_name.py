"""Describe the system: its name, the host's, its release and version, the CPU."""

from __future__ import annotations

from portwright.describe.operation import Argument, Operation

OPERATION = Operation(
    name="system_name",
    family="sockets",
    summary="Describe the system: its name, the host's, its release and version, the CPU.",
    arguments=(Argument("name", "struct-out", type="utsname"),),
    result="none",
    unlocks=("std::net::hostname",),
    weight=1,
    errors=("EFAULT",),
)
