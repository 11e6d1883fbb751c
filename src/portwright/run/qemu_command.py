"""[machine.NAME] of kind qemu -> QEMU's argument list. Starts nothing; asks for files that must be there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from portwright.base.errors import BadInput, Fault, PortwrightError, Where
from portwright.describe.machines.qemu import Drive, Qemu, Share
from portwright.run import firmware, owned
from portwright.run.console import Boot

DEVICES = {
    "virtio": "virtio-blk-pci,drive={id}",
    "ide": "ide-hd,drive={id}",
    "scsi": "scsi-hd,drive={id}",
    "nvme": "nvme,drive={id},serial={id}",
    "usb": "usb-storage,drive={id}",
    "board-scsi": "scsi-hd,drive={id}",
}
CONTROLLERS = {"scsi": "virtio-scsi-pci", "usb": "qemu-xhci"}
CONSOLES = {
    "serial": ["-serial", "chardev:{chardev}"],
    "debugcon": ["-debugcon", "chardev:{chardev}"],
    "virtio": ["-device", "virtio-serial-pci", "-device", "virtconsole,chardev={chardev}"],
}
VARIABLES = "variables.fd"
DIRECT = {"pflash": "pflash", "sd": "sd"}


def arguments(boot: Boot, machine: Qemu, accelerator: str) -> list[str]:
    """The words after the program's name, without those for the console and the monitor.

    Raises `BadInput` or `MissingTool` with everything that is missing.
    """
    faults: list[Fault] = []
    words = ["-nodefaults", "-display", "none", "-accel", accelerator, "-m", machine.memory]
    if machine.machine is not None:
        words += ["-machine", machine.machine]
    cpu = machine.cpu or ("host" if accelerator == "kvm" else None)
    words += ["-cpu", cpu] if cpu else []
    words += ["-smp", str(machine.smp)] if machine.smp > 1 else []
    words += [] if machine.reboots else ["-no-reboot"]
    words += _firmware(boot, machine, faults)
    words += _rom(boot, machine, faults)
    words += _loaded(boot, machine, faults)
    words += _drives(boot, machine, faults)
    words += _share(boot, machine, faults)
    if machine.network == "user":
        words += ["-nic", "user,model=virtio-net-pci"]
    for device in machine.devices:
        words += ["-device", device]
    words += machine.arguments
    if faults:
        raise BadInput(faults)
    return words


def _firmware(boot: Boot, machine: Qemu, faults: list[Fault]) -> list[str]:
    if machine.firmware == "none":
        return []
    try:
        found = firmware.find(machine.arch)
    except PortwrightError as error:
        faults += error.faults
        return []
    words = ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={_comma(found.code)}"]
    if found.variables is not None:
        own = boot.scratch / VARIABLES
        shutil.copyfile(found.variables, own)
        own.chmod(0o600)
        words += ["-drive", f"if=pflash,unit=1,format=raw,file={_comma(own)}"]
    return words


def _rom(boot: Boot, machine: Qemu, faults: list[Fault]) -> list[str]:
    if machine.rom is None:
        return []
    path = owned.find(machine.rom, boot.folder, boot.own)
    if path is None:
        faults.append(owned.missing("ROM of the computer", machine.rom, boot.own))
        return []
    return ["-bios", str(path)]


def _loaded(boot: Boot, machine: Qemu, faults: list[Fault]) -> Iterator[str]:
    for option, given, named in (
        ("kernel", boot.kernel, machine.kernel),
        ("initrd", boot.initrd, machine.initrd),
    ):
        path = given or (boot.folder / named if named else None)
        if path is None:
            continue
        if not path.is_file():
            hint = f"give one with --{option} FILE"
            faults.append(Fault(f"no {option} at {path}", Where(path), hint, f"boot/{option}"))
        yield from (f"-{option}", str(path))
    append = machine.append if boot.append is None else boot.append
    if append is not None and (boot.kernel or machine.kernel):
        yield from ("-append", append)


def _drives(boot: Boot, machine: Qemu, faults: list[Fault]) -> Iterator[str]:
    images = dict(boot.images)
    first = images.pop("", None)
    rows = list(machine.drives)
    if first is not None and not rows:
        rows = [Drive(image=str(first))]
    for name in images.keys() - {row.image for row in rows}:
        known = ", ".join(row.image for row in rows) or "none"
        faults.append(Fault(f"no drive has the image `{name}`", None, f"there are: {known}", "boot/image"))
    controllers = dict.fromkeys(CONTROLLERS[row.interface] for row in rows if row.interface in CONTROLLERS)
    for controller in controllers:
        yield from ("-device", controller)
    for number, row in enumerate(rows):
        path = images.get(row.image) or (first if number == 0 and first else None)
        path = path or owned.find(row.image, boot.folder, boot.own) or boot.folder / row.image
        if not path.is_file() and row.optional:
            continue
        if not path.is_file():
            hint = f"give one with --image FILE, or --image {row.image}=FILE"
            hint += f", or put it at {boot.own / row.image}" if machine.rom else ""
            faults.append(Fault(f"no image `{row.image}`: there is no {path}", None, hint, "boot/image"))
        yield from _drive(row, f"disk{number}", path, boot.persist)


def _drive(row: Drive, name: str, path: Path, persist: bool) -> Iterator[str]:
    options = [f"file={_comma(path)}", f"format={row.format}"]
    if row.read_only:
        options.append("readonly=on")
    elif row.snapshot and not persist:
        options.append("snapshot=on")
    if row.interface in DIRECT:
        yield from ("-drive", ",".join([f"if={DIRECT[row.interface]}", *options]))
        return
    yield from ("-drive", ",".join(["if=none", f"id={name}", *options]))
    yield from ("-device", DEVICES[row.interface].format(id=name))


def _share(boot: Boot, machine: Qemu, faults: list[Fault]) -> list[str]:
    share = machine.share
    if boot.share is not None:
        share = (share or Share(folder="")).model_copy(update={"folder": str(boot.share.absolute())})
    if share is None:
        return []
    path = boot.folder / share.folder
    if share.optional and boot.share is None and not path.exists():
        return []
    if not path.is_dir():
        faults.append(Fault(f"no folder to share: {path}", Where(path), None, "boot/share"))
    only = ",readonly=on" if share.read_only else ""
    return [
        "-fsdev",
        f"local,id=share0,security_model=none,path={_comma(path)}{only}",
        "-device",
        f"virtio-9p-pci,fsdev=share0,mount_tag={share.tag}",
    ]


def console(kind: str, chardev: str) -> list[str]:
    """The words that give the guest a console which ends in a character device."""
    return [word.format(chardev=chardev) for word in CONSOLES[kind]]


def _comma(path: Path) -> str:
    """QEMU's lists have commas doubled."""
    return str(path).replace(",", ",,")
