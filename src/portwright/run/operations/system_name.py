"""Describe the system: its name, the host's, its release and version, the CPU."""

from __future__ import annotations

from portwright.run.process import Process

TEXTS = {
    "sysname": "portwright",
    "nodename": "localhost",
    "release": "1.0",
    "version": "userland machine",
    "domainname": "(none)",
}


def perform(process: Process, name: int) -> int:
    """The machine has no name but that of every host for itself."""
    layout = process.layout("utsname")
    texts = {**TEXTS, "machine": process.cpu.rustc_arch}
    sizes = {field: place.size for field, place in process.ledger.types["utsname"].fields.items()}
    values = {
        field: int.from_bytes(texts[field].encode()[: size - 1].ljust(size, b"\0"), process.cpu.endian)
        for field, size in sizes.items()
        if field in texts
    }
    process.space.write(name, layout.pack(values))
    return 0
