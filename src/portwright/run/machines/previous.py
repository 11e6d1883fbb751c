"""A NeXT computer by Previous: writes its configuration into a home of its own, and starts it.

The names of its settings are those of Previous 1.4 to 3: sections and keys that it does not know it passes over. What it
shows is on its own screen, and its own messages are what can be read here.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from portwright.base.errors import BadInput, Fault, MissingTool
from portwright.base.files import write_atomic
from portwright.base.processes import which
from portwright.describe.machines.previous import Disk, Previous
from portwright.run import owned
from portwright.run.command_machine import CommandMachine
from portwright.run.console import Boot

CONFIGURATION = Path(".previous") / "previous.cfg"
MODELS = {"cube": 1, "station": 2, "station-color": 2}
SCSI, CD = 1, 2
Sections = dict[str, dict[str, object]]


def start(boot: Boot) -> CommandMachine:
    """Start the emulator; raises with everything that is missing for it."""
    machine = boot.machine
    assert isinstance(machine, Previous)
    faults: list[Fault] = []
    program = which(machine.program) or which(machine.program.lower())
    if program is None:
        hint = "build or install it, or name it with `program`"
        faults.append(Fault(f"`{machine.program}` is not on this machine", None, hint, "tool/missing"))
    rom = owned.find(machine.rom, boot.folder, boot.own)
    if rom is None:
        faults.append(owned.missing("ROM of the computer", machine.rom, boot.own))
    disks = _disks(boot, machine, faults)
    if faults:
        raise (MissingTool if program is None and len(faults) == 1 else BadInput)(faults)
    assert program is not None and rom is not None
    home = boot.scratch / "home"
    write_atomic(home / CONFIGURATION, text(machine, rom, disks))
    return CommandMachine(machine, [str(program)], boot.scratch, boot.scratch, {"HOME": str(home)})


def _disks(boot: Boot, machine: Previous, faults: list[Fault]) -> list[tuple[Disk, Path]]:
    """The disks with their files; one that the guest may write to is a copy, unless what it writes shall stay."""
    found: list[tuple[Disk, Path]] = []
    for number, disk in enumerate(machine.drives):
        given = boot.images.get(disk.image) or (boot.images.get("") if number == 0 else None)
        path = given or owned.find(disk.image, boot.folder, boot.own)
        if path is not None:
            found.append((disk, path))
        elif not disk.optional:
            otherwise = f", or give one with --image {disk.image}=FILE"
            faults.append(owned.missing("disk with the system", disk.image, boot.own, otherwise))
    if faults or boot.persist:
        return found
    return [
        (disk, path if disk.read_only else _copy(path, boot.scratch, number))
        for number, (disk, path) in enumerate(found)
    ]


def _copy(path: Path, folder: Path, number: int) -> Path:
    """A copy of its own: two disks may have the same name in different folders."""
    return Path(shutil.copy(path, folder / f"disk-{number}-{path.name}"))


def text(machine: Previous, rom: Path, disks: Sequence[tuple[Disk, Path]]) -> str:
    """The configuration."""
    banks = {f"nMemoryBankSize{bank}": machine.memory if bank == 0 else 0 for bank in range(4)}
    sections: Sections = {
        "Log": {"sLogFileName": "stdout", "nTextLogLevel": 3, "bConfirmQuit": False},
        "ConfigDialog": {"bShowConfigDialogAtStartup": False},
        "ROM": {f"szRom{kind}FileName": rom for kind in ("030", "040", "Turbo")},
        "Boot": {"nBootDevice": 1, "bVerbose": True},
        "Memory": {"nMemorySpeed": 0, **banks},
        "System": {
            "nMachineType": MODELS[machine.model],
            "bColor": machine.model.endswith("color"),
            "bTurbo": False,
            "nCpuLevel": 4,
            "nCpuFreq": 25,
            "n_FPUType": 68040,
            "bMMU": True,
            "bRealTimeClock": True,
        },
        "HardDisk": dict(_hard_disks(disks)),
        "Floppy": dict(_floppies(disks)),
    }
    return "\n".join(
        f"[{name}]\n" + "".join(f"{key} = {_word(value)}\n" for key, value in rows.items())
        for name, rows in sections.items()
    )


def _hard_disks(disks: Sequence[tuple[Disk, Path]]) -> Iterator[tuple[str, object]]:
    rows = [row for row in disks if row[0].bus != "floppy"]
    for number, (disk, path) in enumerate(rows):
        yield f"szImageName{number}", path
        yield f"nDeviceType{number}", CD if disk.bus == "cd" else SCSI
        yield f"bDiskInserted{number}", True
        yield f"bWriteProtected{number}", disk.read_only or disk.bus == "cd"


def _floppies(disks: Sequence[tuple[Disk, Path]]) -> Iterator[tuple[str, object]]:
    for number, (disk, path) in enumerate(row for row in disks if row[0].bus == "floppy"):
        yield f"szImageName{number}", path
        yield f"bDriveConnected{number}", True
        yield f"bDiskInserted{number}", True
        yield f"bWriteProtected{number}", disk.read_only


def _word(value: object) -> str:
    return str(value).upper() if isinstance(value, bool) else str(value)
