"""Whether KVM really works here: a guest of a few bytes must run to its end, on the CPU that the machine is to have.

A device file alone proves nothing, nor does a guest on another model of CPU: where one lacks what QEMU asks of it,
a small guest may run and a kernel hang. So QEMU must not have complained either.
"""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path

from portwright.base.errors import PortwrightError
from portwright.base.files import temporary_folder
from portwright.base.processes import run, which

PATIENCE = 5.0

# At the reset vector: mov al, 0x10; out 0xf4, al; hlt; jmp to the hlt. The device turns that into status 33.
_X86 = bytes(0xFFF0) + bytes.fromhex("b010 e6f4 f4 ebfd".replace(" ", "")).ljust(16, b"\0")
# mov w0, #8; movk w0, #0x8400, lsl 16 (PSCI's SYSTEM_OFF); hvc #0; b .
_ARM = bytes.fromhex("00018052 0080b072 020000d4 00000014".replace(" ", ""))
TRIALS = {
    "x86_64": (_X86, "pc", ["-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-bios"], 33),
    "aarch64": (_ARM, "virt", ["-kernel"], 0),
}


@cache
def why_not(arch: str, machine: str | None = None, cpu: str = "host") -> str | None:
    """Why there is no KVM for such a machine, or None where it works. Asked once per process."""
    trial = TRIALS.get(arch)
    if trial is None or platform.machine() != arch:
        return f"this machine's CPU is no {arch}"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "/dev/kvm is not there" if not Path("/dev/kvm").exists() else "/dev/kvm may not be opened"
    tool = which(f"qemu-system-{arch}")
    if tool is None:
        return f"qemu-system-{arch} is not there"
    code, usual, words, wanted = trial
    kind = ["-machine", machine or usual, "-cpu", cpu]
    common = ["-accel", "kvm", "-nodefaults", "-display", "none", "-no-reboot", "-m", "64M"]
    try:
        with temporary_folder("portwright-kvm-") as folder:
            image = folder / "guest"
            image.write_bytes(code)
            done = run([str(tool), *common, *kind, *words, str(image)], timeout=PATIENCE)
    except PortwrightError as error:
        return error.faults[0].what
    said = done.error_text.strip().splitlines()
    if done.status == wanted and not said:
        return None
    return f"a guest of a few bytes does not run with it{': ' + said[-1] if said else ''}"
