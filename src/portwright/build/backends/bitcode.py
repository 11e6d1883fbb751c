"""LLVM's own tools, called one after the other: llvm-link, opt, llc to assembly, GNU as and ld.

What the program is made of becomes one module, in which only names that others may ask for stay visible; runtime
libraries stay another. Native code is linked as it is, and named in the report. A large module goes on in parts: llc's
time to show what an erratum asks of it grows with the square of a module's size, and a crash costs but its part.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from portwright.base.errors import StepFailed, fail
from portwright.base.files import temporary_folder, write_atomic
from portwright.base.hashing import hash_file, hash_value
from portwright.base.sources import File
from portwright.build import (
    bitcode_modules,
    elf_program_to_macho,
    errata_mending,
    linker_inputs,
    module_store,
)
from portwright.build.assembly_making import Maker
from portwright.build.backends import Fallback, Report, Request
from portwright.build.linker_inputs import Inputs
from portwright.build.llvm_tools import Tools
from portwright.build.module_store import ASSEMBLY, OBJECT, Made
from portwright.formats import elf

DEFAULT_LEVEL = 2
Making = tuple[Mapping[str, int], Sequence[Fallback]]


def link(request: Request) -> Report:
    """Make the program; raises `PortwrightError` with what stands against it."""
    with temporary_folder("portwright-link-") as folder:
        return _Link(request, folder).run()


@dataclass
class _Link:
    request: Request
    folder: Path

    def __post_init__(self) -> None:
        self.settings, self.words = self.request.settings, self.request.words
        self.tools = Tools(self.settings.tools)
        self.root = Path(self.settings.cache)
        self.level = DEFAULT_LEVEL if self.words.level is None else self.words.level

    def run(self) -> Report:
        inputs = linker_inputs.sort(self.words, self.folder)
        if not inputs.program and not inputs.native:
            raise fail("the linker was given nothing to link", None, None, "backend/nothing")
        made: dict[str, Made] = {}
        if inputs.runtime:
            made["runtime"] = self._module("runtime", inputs.runtime, (), self._plain)
        if inputs.program:
            wanted = sorted(_asked_for(inputs))
            made["program"] = self._module("program", inputs.program, wanted, self._whole)
        program = self._linked(inputs, [row.object for row in made.values()])
        report = self._report(inputs, made)
        module_store.write_report(self.root, program, report)
        return report

    def _module(
        self,
        name: str,
        files: Sequence[Path],
        wanted: Sequence[str],
        prepare: Callable[[str, Sequence[Path], Sequence[str]], Path],
    ) -> Made:
        """The object of a module, made or taken from the cache."""
        own = self.settings
        said: list[object] = [
            name,
            own.code,
            dict(own.versions),
            own.triple,
            own.cpu,
            own.features,
            own.relocation_model,
        ]
        said += [
            own.code_model,
            own.errata,
            list(own.without),
            own.inline_assembly,
            own.stock,
            list(own.llc_args),
            own.told,
            list(own.assembler_args),
            self.level,
            self.words.entry,
            wanted,
            bitcode_modules.splitter(self.tools) is not None,
        ]

        def make(out: Path) -> Making:
            return self._made(name, prepare(name, files, wanted), out)

        return module_store.made(self.root, module_store.key([hash_value(said)], files), make)

    def _plain(self, name: str, files: Sequence[Path], wanted: Sequence[str]) -> Path:
        return bitcode_modules.merge(self.tools, files, self.folder, name)

    def _whole(self, name: str, files: Sequence[Path], wanted: Sequence[str]) -> Path:
        merged = bitcode_modules.merge(self.tools, files, self.folder, name)
        keep = bitcode_modules.visible(self.tools, merged, self.words.entry, wanted)
        return bitcode_modules.optimise(self.tools, merged, self.level, keep)

    def _made(self, name: str, module: Path, out: Path) -> Making:
        if self.settings.stock:
            return {}, Maker(self.tools, self.settings, name, self.level).make(module, out / OBJECT)
        counts = Counter[str]()
        known = errata_mending.of_cpu(self.settings.arch)
        left = self.settings.without if self.settings.errata else tuple(known)
        if set(known) - set(left):
            module, found = self._mended(name, module, left)
            counts.update(found)
        parts = bitcode_modules.split(self.tools, module)
        if len(parts) == 1:
            more, fallbacks = self._object(name, module, (out / ASSEMBLY, out / OBJECT), left)
            return counts + Counter(more), fallbacks
        places = [
            (out / f"{number}-{ASSEMBLY}", self.folder / f"{name}-{number}.o") for number in range(len(parts))
        ]
        names = [f"{name}, part {number + 1} of {len(parts)}" for number in range(len(parts))]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            done = list(pool.map(self._object, names, parts, places, [left] * len(parts)))
        for more, _ in done:
            counts.update(more)
        objects = [str(place) for _, place in places]
        self.tools.need("ld", ["-r", "-o", str(out / OBJECT), *objects], "the parts of a module do not link")
        return counts, [each for _, fallbacks in done for each in fallbacks]

    def _object(self, name: str, module: Path, made: tuple[Path, Path], left: Sequence[str]) -> Making:
        """Make the assembly and the object of a module, at two places."""
        raw, (assembly, target) = module.with_name(f"{module.name}.raw.s"), made
        passes = errata_mending.passes(self.settings.arch, left)
        maker = Maker(self.tools, self.settings, name, self.level, passes=passes)
        fallbacks = maker.make(module, raw)
        text = raw.read_text(encoding="utf-8", errors="surrogateescape")
        text, counts = errata_mending.mend(self.settings.arch, text, name, left, maker.machine)
        assembly.write_text(text, encoding="utf-8", errors="surrogateescape")
        # GNU as takes names of files with their folders, as DWARF 5 has them, only when told so.
        dwarf = ["--gdwarf-5"] if re.search(r"^\t\.file\t\d", text, re.MULTILINE) else []
        argv = [*self.settings.assembler_args, *dwarf, "-o", str(target), str(assembly)]
        try:
            self.tools.need("as", argv, f"the assembler refuses the assembly of {name}")
        except StepFailed:
            # What it refused is gone with the folder: keep it where the message can say.
            mark = hash_file(assembly)[:8]
            kept = self.root / "refused" / f"{self.settings.target}-{name.partition(',')[0]}-{mark}.s"
            write_atomic(kept, assembly.read_bytes())
            self.tools.need("as", [*argv[:-1], str(kept)], f"the assembler refuses the assembly of {name}")
            raise
        return counts, fallbacks

    def _mended(self, name: str, module: Path, left: Sequence[str]) -> tuple[Path, dict[str, int]]:
        """The module without the faults that only LLVM IR shows."""
        plain, mended = self.folder / f"{name}.ll", self.folder / f"{name}.mended"
        self.tools.need("llvm-dis", [str(module), "-o", str(plain)], "llvm-dis failed")
        said = plain.read_text()
        triple = re.search(r'^target triple = "([^"]*)"', said, re.MULTILINE)
        if triple is not None and triple[1] != self.settings.triple:
            what = f"the bitcode of the {name} is for {triple[1]}, and the port's target is {self.settings.triple}"
            raise fail(what, None, "build everything that is linked for the one target", "backend/triple")
        text, counts = errata_mending.mend_ir(self.settings.arch, said, name, left)
        if not counts:
            return module, counts
        plain.write_text(text)
        self.tools.need("llvm-as", [str(plain), "-o", str(mended)], "the mended LLVM IR is refused")
        return mended, counts

    def _linked(self, inputs: Inputs, objects: Sequence[Path]) -> Path:
        given: list[str] = []
        for word in inputs.words:
            given += [str(path) for path in objects] if word is None else [word]
        made = self.folder / "program"
        argv = ["-o", str(made), *self.settings.link_args, *given]
        self.tools.need("ld", argv, "the linker failed")
        output = self.words.output
        if self.settings.output == "mach-o-executable":
            data = elf_program_to_macho.convert(made.read_bytes(), output.name)
            write_atomic(output, data, mode=0o755)
        else:
            output.unlink(missing_ok=True)  # never write into a file that may run, or have a second name
            shutil.copyfile(made, output)
            output.chmod(0o755)
        return output

    def _report(self, inputs: Inputs, made: Mapping[str, Made]) -> Report:
        errata: dict[str, int] = {}
        for row in made.values():
            for name, count in row.errata.items():
                errata[name] = errata.get(name, 0) + count
        return Report(
            self.level,
            tuple(made),
            tuple(name for name, row in made.items() if row.reused),
            errata,
            tuple(each for row in made.values() for each in row.fallbacks),
            tuple(inputs.native),
        )


def _asked_for(inputs: Inputs) -> set[str]:
    """What native objects ask for; what an archive asks for is not Rust's inner names."""
    found: set[str] = set()
    for path in inputs.native_files:
        if path.suffix == ".o":
            file = elf.open_source(File(path))
            found |= {row.name for row in file.symbols() if row.section == elf.SHN_UNDEF and row.name}
    return found
