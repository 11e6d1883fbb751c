"""The table [backend] of a port: how the bitcode that an unmodified rustc emits becomes a program."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from portwright.describe.model import Described


class BackendTable(Described):
    """[backend]: what makes a program of LLVM's bitcode, where rustc's own code generator is not to do it.

    rustc emits bitcode and calls portwright as its linker; the programs named here do the rest. `kind` is an entry of
    build/backends and the same word as [toolchain] backend. `llvm` is the major version of LLVM's tools (`22`: those
    with that suffix, which must be the version that rustc has in it), or a folder that holds `llvm-link`, `opt` and
    `llc` of the same version, patched ones for instance. `cpu` is what `llc` generates for, as LLVM names it; it
    becomes the target spec's. `assembler` and `linker` are GNU as and ld for the CPU. `assembler_args` are words for
    `assembler`, before the file. `link_args` are words for `linker`, before rustc's. `errata` says whether known
    faults of LLVM's back end are mended in the assembly. `inline_assembly` says who reads assembly in Rust's sources:
    `llvm`, as with rustc's own code generator, or `assembler`, where LLVM's own reader knows too little of the CPU.
    `output` is what becomes of the static ELF executable: nothing, or a Mach-O executable as NeXT's kernel loads it.
    """

    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    llvm: str = "22"
    cpu: str | None = None
    assembler: str
    assembler_args: list[str] = []
    linker: str
    link_args: list[str] = []
    errata: bool = True
    inline_assembly: Literal["llvm", "assembler"] = "llvm"
    output: Literal["elf", "mach-o-executable"] = "elf"
