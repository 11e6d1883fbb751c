"""A machine that QEMU makes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from portwright.describe.machine import Machine
from portwright.describe.model import Described

Size = Annotated[str, Field(pattern=r"^\d+[KMGT]?$")]


class Drive(Described):
    """A disk: `image` is a file, or a name for the one that `--image NAME=FILE` gives.

    `interface`: `board-scsi` is a disk at a controller that the machine itself has. `snapshot`: what is written is
    dropped at the end. `optional`: where no file is given, the machine has no such disk.
    """

    image: str
    interface: Literal["virtio", "ide", "scsi", "nvme", "usb", "pflash", "sd", "board-scsi"] = "virtio"
    format: Literal["raw", "qcow2"] = "raw"
    snapshot: bool = True
    read_only: bool = False
    optional: bool = False


class Share(Described):
    """A folder of the host, in the guest by 9p under the name `tag`. Its files cannot change their rights there.

    `folder` is below the port's; `--share DIR` is another one. `optional`: where it is not there, nothing is shared.
    """

    folder: str
    optional: bool = False
    tag: str = "hostshare"
    read_only: bool = False


class Qemu(Machine):
    """[machine.NAME] of kind `qemu`.

    `arch`: the ending of `qemu-system-`. `machine`, `cpu`, `memory`, `smp` as QEMU has them. `firmware`: `none` for
    what QEMU itself brings, or `uefi`. `rom`: a file with the machine's own firmware, which nobody may hand out.
    `kernel`, `initrd`, `append`: what is loaded without a boot loader. `drives`: the disks, in their order. `share`:
    a folder of the host. `network`: `user` is a network behind QEMU's own addresses. `devices`: further `-device`
    words. `arguments`: further words of QEMU's line, as they are. `console`: where the guest's console is.
    `accelerator`: `auto` is KVM where it works. `emulation_slowness`: how much longer deadlines are without KVM.
    """

    kind: Literal["qemu"]
    arch: str
    machine: str | None = None
    cpu: str | None = None
    memory: Size = "512M"
    smp: Annotated[int, Field(ge=1, le=255)] = 1
    firmware: Literal["none", "uefi"] = "none"
    rom: str | None = None
    kernel: str | None = None
    initrd: str | None = None
    append: str | None = None
    drives: list[Drive] = []
    share: Share | None = None
    network: Literal["none", "user"] = "none"
    devices: list[str] = []
    arguments: list[str] = []
    console: Literal["serial", "virtio", "debugcon"] = "serial"
    accelerator: Literal["auto", "kvm", "tcg"] = "auto"
    emulation_slowness: Annotated[float, Field(gt=0)] = 4.0


MODEL = Qemu
