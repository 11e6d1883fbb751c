"""The binary of a hunt for the userland machine: the same code, with the port's own trap, in the port's own format."""

from __future__ import annotations

import re

from portwright.base.errors import fail
from portwright.build import elf_program_to_macho, hunting
from portwright.describe.cpu import of_arch
from portwright.describe.port import Port
from portwright.formats import elf

TRAP = "hunt_trap_"


def unfit(port: Port, arch: str) -> str | None:
    """Why the machine of the port's OS cannot run a hunt's binaries, or None."""
    told = re.search(r"^// calls: write (\d+), exit (\d+) by (.+)$", hunting.start(arch), re.MULTILINE)
    if told is None:
        return f"the start of a hunt for {arch} does not say which calls it makes"
    calls = [port.ledger.syscalls.get(name) for name in ("write", "exit")]
    numbers = [call.number if call is not None else None for call in calls]
    if numbers != [int(told[1]), int(told[2])]:
        return f"its `write` and `exit` have not the numbers {told[1]} and {told[2]}"
    known = of_arch(arch)
    if port.ledger.abi.trap != told[3] and (TRAP not in hunting.start(arch) or known is None):
        return f"its calls are made by `{port.ledger.abi.trap}`, not by `{told[3]}`"
    return None


def converted(data: bytes, port: Port, arch: str, output: str) -> bytes:
    """The binary as the port's OS loads it; `output` is what the port's linker makes."""
    known = of_arch(arch)
    file = elf.read(data, "hunt")
    changed, traps = bytearray(data), 0
    for symbol in file.symbols():
        if symbol.name.startswith(TRAP):
            assert known is not None
            encoding = known.traps[port.ledger.abi.trap].encoding
            load = next(row for row in file.loads if 0 <= symbol.value - row.address < row.file_size)
            at = load.offset + symbol.value - load.address
            changed[at : at + len(encoding)] = encoding
            traps += 1
    if not traps and TRAP in hunting.start(arch):
        what = "the hunt's binary has lost its symbols, and with them the places of its traps"
        raise fail(what, None, "no `-s` in the port's link-args, please", "hunt/stripped")
    if output.startswith("mach-o"):
        return elf_program_to_macho.convert(bytes(changed), "hunt", symbols=False)
    return bytes(changed)
