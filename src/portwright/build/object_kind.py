"""What an object file is by its first bytes, and where that is not what a target spec asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portwright.describe.port import RUSTCS_OWN

# e_machine of the ELF objects that rustc makes for each `arch`.
ELF_MACHINES: Mapping[str, tuple[int, ...]] = {
    "x86": (3,),
    "x86_64": (62,),
    "aarch64": (183,),
    "arm": (40,),
    "riscv32": (243,),
    "riscv64": (243,),
    "mips": (8,),
    "mips32r6": (8,),
    "mips64": (8,),
    "mips64r6": (8,),
    "powerpc": (20,),
    "powerpc64": (21,),
    "sparc": (2, 18),
    "sparc64": (43,),
    "s390x": (22,),
    "loongarch32": (258,),
    "loongarch64": (258,),
    "m68k": (4,),
    "avr": (83,),
    "msp430": (105,),
    "hexagon": (164,),
    "bpf": (247,),
    "csky": (252,),
    "xtensa": (94,),
    "amdgpu": (224,),
}
MACH_O = {
    b"\xfe\xed\xfa\xce": (32, "big"),
    b"\xfe\xed\xfa\xcf": (64, "big"),
    b"\xce\xfa\xed\xfe": (32, "little"),
    b"\xcf\xfa\xed\xfe": (64, "little"),
}
COFF_MACHINES = {0x014C: 32, 0x8664: 64, 0x01C4: 32, 0xAA64: 64, 0xA641: 64}


@dataclass(frozen=True, slots=True)
class Kind:
    """The format and what its header tells; None for what it does not tell."""

    format: str
    bits: int | None = None
    endian: str | None = None
    machine: int | None = None


def read(data: bytes) -> Kind:
    """The kind of an object; its format is `unknown` where no magic fits."""
    if data[:4] == b"\x7fELF" and len(data) > 20:
        endian = "big" if data[5] == 2 else "little"
        machine = int.from_bytes(data[18:20], "big" if data[5] == 2 else "little")
        return Kind("elf", {1: 32, 2: 64}.get(data[4]), endian, machine)
    if data[:4] in MACH_O:
        bits, endian = MACH_O[data[:4]]
        machine = int.from_bytes(data[4:8], "big" if endian == "big" else "little")
        return Kind("mach-o", bits, endian, machine)
    if data[:4] == b"\0asm":
        return Kind("wasm")
    if data[:4] in (b"BC\xc0\xde", b"\xde\xc0\x17\x0b"):
        return Kind("bitcode")
    if data[:2] in (b"\x01\xdf", b"\x01\xf7"):
        return Kind("xcoff", 64 if data[1] == 0xF7 else 32, "big")
    if data[:4] == b"\0\0\xff\xff":
        return Kind("coff", COFF_MACHINES.get(int.from_bytes(data[6:8], "little")), "little")
    number = int.from_bytes(data[:2], "little")
    if number in COFF_MACHINES:
        return Kind("coff", COFF_MACHINES[number], "little", number)
    return Kind("unknown")


def describe(data: bytes) -> str:
    """The kind in words: `elf 64 bits little-endian machine 62`."""
    if not data:
        return ""
    kind = read(data)
    words = [kind.format]
    words += [f"{kind.bits} bits"] if kind.bits else []
    words += [f"{kind.endian}-endian"] if kind.endian else []
    words += [f"machine {kind.machine}"] if kind.machine is not None else []
    return " ".join(words)


def differences(data: bytes, spec: Mapping[str, Any], backend: str) -> Iterator[tuple[str, str, str]]:
    """(what, why, key) for each way in which an object is not what the spec asks for."""
    kind = read(data)
    asked = "wasm" if spec.get("is-like-wasm") else str(spec.get("binary-format", "elf"))
    if kind.format == "bitcode" and spec.get("obj-is-bitcode"):
        return
    if kind.format != asked:
        why = "The back end has no writer for the format that was asked for, and says nothing."
        yield f"the object is {kind.format}, and the spec asks for {asked}", why, "binary-format"
        return
    bits = 64 if str(spec.get("target-pointer-width")) == "64" else 32
    if kind.bits not in (None, bits):
        why = "The file's class must be that of the pointers."
        yield f"the object is of {kind.bits} bits, and pointers are of {bits}", why, "target-pointer-width"
    endian = str(spec.get("target-endian", "little"))
    if kind.endian not in (None, endian):
        why = "Every number in it would be read backwards."
        yield f"the object is {kind.endian}-endian, and the spec is {endian}-endian", why, "target-endian"
    machines = ELF_MACHINES.get(str(spec.get("arch")))
    if kind.format == "elf" and machines and kind.machine not in machines:
        why = "It is code for another CPU."
        yield (
            f"the object is for machine {kind.machine}, and `{spec.get('arch')}` is {machines[0]}",
            why,
            "arch",
        )
    made = compiler(data)
    if made is not None and made != backend and not (made == "llvm" and backend not in RUSTCS_OWN):
        why = "A binary made by the wrong code generator runs until it meets the difference."
        yield f"the object was made by {made}, and the port asks for {backend}", why, ""


def compiler(data: bytes) -> str | None:
    """The code generator that an object's comment names (`rustc version X with cranelift Y`); None if none."""
    found = re.search(rb"rustc version [^\0]{1,120}", data)
    if found is None:
        return None
    return "cranelift" if b"cranelift" in found[0] else "llvm"
