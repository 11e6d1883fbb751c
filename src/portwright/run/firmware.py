"""Where the UEFI firmware for a machine lies on this one, by the descriptions that distributions install with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portwright.base.errors import Fault, MissingTool

DESCRIPTIONS = (Path("/etc/qemu/firmware"), Path("/usr/share/qemu/firmware"))
PLACES = {
    "x86_64": (
        ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
        ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
        ("/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"),
    ),
    "aarch64": (
        ("/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"),
        ("/usr/share/edk2/aarch64/QEMU_CODE.fd", "/usr/share/edk2/aarch64/QEMU_VARS.fd"),
    ),
}
PACKAGES = {"x86_64": "ovmf", "aarch64": "qemu-efi-aarch64"}


@dataclass(frozen=True, slots=True)
class Firmware:
    """The code, and the file that a machine's own variables begin as."""

    code: Path
    variables: Path | None


def find(arch: str) -> Firmware:
    """The firmware of an architecture, without secure boot; raises `MissingTool` with the package that has it."""
    for code, variables in PLACES.get(arch, ()):
        if Path(code).is_file() and Path(variables).is_file():
            return Firmware(Path(code), Path(variables))
    for found in _described(arch):
        return found
    package = PACKAGES.get(arch)
    hint = f"portwright setup --all (Debian: {package})" if package else "give it with `-bios` in `arguments`"
    raise MissingTool(
        [Fault(f"the UEFI firmware for {arch} is not on this machine", None, hint, "boot/firmware")]
    )


def _described(arch: str) -> Iterator[Firmware]:
    for folder in DESCRIPTIONS:
        for path in sorted(folder.glob("*.json")):
            try:
                row = json.loads(path.read_text())
                yield from _fitting(row, arch)
            except (OSError, ValueError, KeyError, TypeError):
                continue


def _fitting(row: Any, arch: str) -> Iterator[Firmware]:
    targets = [each["architecture"] for each in row["targets"]]
    wanted = "uefi" in row["interface-types"] and arch in targets
    if not wanted or {"enrolled-keys", "requires-smm"} & set(row["features"]):
        return
    mapping = row["mapping"]
    if mapping.get("device") != "flash":
        return
    code = Path(mapping["executable"]["filename"])
    variables = mapping.get("nvram-template", {}).get("filename")
    if code.is_file():
        yield Firmware(code, Path(variables) if variables else None)


def is_there(arch: str) -> bool:
    """Whether the firmware is on this machine."""
    try:
        find(arch)
    except MissingTool:
        return False
    return True
