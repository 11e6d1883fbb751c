"""Makes assembly of a module with llc; where that crashes, with what works nearest to what was asked, which is listed.

First the function that it crashed at loses the attributes of optimisation for size, then it is left unoptimised, then
the module is made at another level. Nothing of it is silent, and where nothing helps the build stops.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portwright.base.errors import Fault, StepFailed, Where, fail
from portwright.base.processes import Completed, paste
from portwright.build.backends import Fallback, Settings
from portwright.build.llvm_tools import Crash, Tools, crash, crashed

SIZE = ("optsize", "minsize")
PLAIN = ("optnone", "noinline")
MOST_TRIES = 60
_UNKNOWN = re.compile(r"('[^'\n]*') is not a recognized (?:processor|feature)[^\n]*")


@dataclass
class Maker:
    """One module on its way to assembly."""

    tools: Tools
    settings: Settings
    name: str
    level: int
    fallbacks: list[Fallback] = field(default_factory=list)
    passes: Sequence[str] = ()
    machine: str = ""
    """llc's own code before those passes."""

    def make(self, module: Path, out: Path) -> list[Fallback]:
        """Write the assembly; answers what was done otherwise than asked."""
        tried: set[tuple[str, str]] = set()
        level, first = self.level, None
        for _ in range(MOST_TRIES):
            words = self.words(level, module, out)
            done = self.tools.run("llc", [*words, *(f"-print-before={each}" for each in self.passes)])
            self._tell(done.error_text)
            self._must_be_told(done)
            if done.status == 0:
                self.machine = done.error_text if self.passes else ""
                return self.fallbacks
            if self.passes:  # again, without its code in between what it says of its crash
                done = self.tools.run("llc", words)
                if done.status == 0:
                    break
            found = crash(done)
            first = first or (found, paste(done.argv))
            chosen = next((step for step in self._ladder(found, level) if step not in tried), None)
            if chosen is None:
                break
            tried.add(chosen)
            module, level = self._taken(chosen, found, module, level)
        if first is None:
            what = f"llc crashes only where it prints its code before {', '.join(self.passes)}"
            raise StepFailed([Fault(what, Where(self.name), None, "backend/llc")])
        found, command = first
        at = f" at the function {found.function}" if found.function else ""
        what = f"llc crashes{at} in {found.stage or 'an unknown pass'}, and nothing that was tried helps:\n{found.said}"
        raise StepFailed([Fault(what, Where(self.name), f"run it again: {command}", "backend/llc")])

    def _must_be_told(self, done: Completed) -> None:
        """Raise where llc took something else than was asked for, or ended by no fault of its own: what comes of a full
        disk or of a kill must not become a fallback, which is kept."""
        unknown = _UNKNOWN.search(done.error_text)
        if unknown is not None:
            hint = f"`{self.tools.paths['llc']} -mcpu=help` lists what it knows"
            raise fail(f"llc does not know {unknown[1]}: {unknown[0]}", Where(self.name), hint, "backend/cpu")
        if done.status != 0 and not crashed(done):
            what = f"llc did not come to its end, by no fault that it names: {crash(done).said}"
            hint = f"run it again: {paste(done.argv)}"
            raise StepFailed([Fault(what, Where(self.name), hint, "backend/llc")])

    def _tell(self, said: str) -> None:
        """Add what llc says of its passes to the file that is to have it."""
        if self.settings.told:
            lines = [f"{self.name}: {line}\n" for line in said.splitlines() if line.startswith("BISECT:")]
            with Path(self.settings.told).open("a", encoding="utf-8") as file:
                file.writelines(lines)

    def words(self, level: int, module: Path, out: Path) -> list[str]:
        """llc's words."""
        own = self.settings
        words = [
            f"-O{level}",
            f"-filetype={'obj' if own.stock else 'asm'}",
            "-function-sections",
            "-data-sections",
        ]
        words += ["-no-integrated-as"] if own.inline_assembly == "assembler" else []
        words += own.llc_args
        words += [f"-relocation-model={own.relocation_model}"] if own.relocation_model else []
        words += [f"-code-model={own.code_model}"] if own.code_model else []
        words += [f"-mcpu={own.cpu}"] if own.cpu else []
        words += [f"-mattr={own.features}"] if own.features else []
        return [*words, str(module), "-o", str(out)]

    def _ladder(self, found: Crash, level: int) -> Iterator[tuple[str, str]]:
        """What can be tried, the least first: (what, for which function)."""
        if found.function:
            yield "size", found.function
            if level:
                yield "plain", found.function
        for other in (2, 1, 3, 0) if level else (1, 2, 3):
            if other != level:
                yield f"O{other}", ""

    def _taken(self, chosen: tuple[str, str], found: Crash, module: Path, level: int) -> tuple[Path, int]:
        what, function = chosen
        why = f"{found.stage}: {found.said.splitlines()[0] if found.said else 'crashed'}"
        if what.startswith("O"):
            self.fallbacks.append(Fallback(self.name, "", f"-O{self.level}", f"-{what}", why))
            return module, int(what[1:])
        taken, given = (SIZE, ()) if what == "size" else ((), PLAIN)
        made = module.with_name(f"{module.stem}-{len(self.fallbacks)}.bc")
        words = [f"-force-remove-attribute={function}:{each}" for each in taken]
        if given:  # `optnone` goes with neither
            words += [f"-force-remove-attribute={function}:{each}" for each in ("alwaysinline", *SIZE)]
        words += [f"-force-attribute={function}:{each}" for each in given]
        ran = self.tools.run("opt", ["-passes=forceattrs", *words, str(module), "-o", str(made)])
        if ran.status != 0:  # the next rung, then
            return module, level
        asked, done = (" ".join(taken), "without") if taken else (f"-O{level}", " ".join(given))
        self.fallbacks.append(Fallback(self.name, function, asked, done, why))
        return made, level
