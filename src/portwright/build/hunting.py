"""Builds the programs of a hunt for a port and for this machine, and runs them: many per binary, each result by itself.

A binary writes eight bytes for each program. Where it ends early the program that it was at has crashed, or hung, and it
is started again behind that one; where it cannot be built, halves of the programs are, until what cannot be is alone.
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from portwright.base import processes
from portwright.base.errors import Fault, PortwrightError, Where, fail
from portwright.base.files import cache_root, write_atomic
from portwright.base.hashing import hash_value
from portwright.build.goals import BuildResult
from portwright.derive import hunt_programs
from portwright.derive.hunt_programs import Written
from portwright.describe import port as ports
from portwright.describe.cpu import of_arch
from portwright.describe.toolchain import Toolchain

HEAD = (
    "#![feature(c_variadic, asm_experimental_arch)]\n"
    "#![allow(unused, internal_features, unstable_features, arithmetic_overflow, unconditional_panic)]\n"
)
FREESTANDING = """#![no_std]
#![no_main]
unsafe extern "C" { fn hunt_stop() -> !; }
#[panic_handler]
fn stop(_: &core::panic::PanicInfo) -> ! { unsafe { hunt_stop() } }
"""
HOSTED = """
fn main() {
    use std::io::Write;
    for program in hunt_table {
        let mut result = 0u64;
        program(&mut result);
        std::io::stdout().write_all(&result.to_be_bytes()).unwrap();
    }
}
"""
PASSES = "passes.txt"
PATIENCE = 5.0
"""Seconds that a binary may take before the program that it is at is said to hang."""
PLAIN = [
    "--edition=2024",
    "-Awarnings",
    "-Cdebug-assertions=off",
    "-Coverflow-checks=off",
    "-Ccodegen-units=1",
]

MORE = 12
"""How many times that it gets once more."""

Result = int | str
"""What came of a program: its number, or in words why there is none."""
Execute = Callable[[int, float], tuple[int, bytes]]
"""Runs a binary: how many programs to pass over, and for how many seconds at most; gives the exit status (negative: the
signal, -9 where the time was over) and what it wrote."""
Machine = Callable[[Path], Execute]
"""Gives that for a binary in the userland machine."""


@dataclass(frozen=True, slots=True)
class Variant:
    """How programs are built: the level, the CPU (empty: the port's), without which errata (`*`: LLVM alone, with its
    own assembler), further words for llc, and whether LLVM is to say which passes it runs."""

    level: str
    cpu: str = ""
    without: tuple[str, ...] = ()
    llc: tuple[str, ...] = ()
    passes: bool = False


@dataclass
class Hunt:
    """What a hunt for one port builds with. `own` are the settings of the port's backend, where it has one;
    `machine` runs every binary a second time."""

    port: ports.Port
    built: BuildResult
    folder: Path
    arch: str
    own: Mapping[str, Any] | None = None
    machine: Machine | None = None
    builds: int = 0
    said: dict[str, str] = field(default_factory=dict)
    passes: list[str] = field(default_factory=list)
    """What LLVM said of its passes when it was asked."""

    @property
    def toolchain(self) -> Toolchain:
        """The compiler."""
        return self.built.toolchain

    def results(self, programs: Sequence[Written], variant: Variant) -> dict[str, Result]:
        """What came of each program, by its name."""
        binary = self._binary(programs, variant)
        if binary is not None:
            came = self._collected(self._by_qemu(binary, self._named(variant)), len(programs))
            if self.machine is not None and variant.without != ("*",):
                others = self._collected(self.machine(binary), len(programs))
                came = [together(*pair) for pair in zip(came, others, strict=True)]
            return dict(zip([each.name for each in programs], came, strict=True))
        if len(programs) == 1:
            return {programs[0].name: f"does not build: {self.said[programs[0].name]}"}
        half = len(programs) // 2
        return self.results(programs[:half], variant) | self.results(programs[half:], variant)

    def _binary(self, programs: Sequence[Written], variant: Variant) -> Path | None:
        """The binary of programs; None where it cannot be built (`said` then has why, of one that is alone)."""
        self.builds += 1
        place = self.folder / f"{self.builds}"
        place.mkdir(parents=True)
        source, binary = place / "hunt.rs", place / "hunt"
        write_atomic(source, text(programs, HEAD + FREESTANDING + start(self.arch)))
        assert self.built.sysroot is not None
        argv = [
            str(self.built.sysroot / "bin" / "rustc"),
            "--target",
            self.port.target,
            *PLAIN,
            "-Cpanic=abort",
        ]
        argv += [f"-Copt-level={variant.level}", *([f"-Ctarget-cpu={variant.cpu}"] if variant.cpu else [])]
        if self.own is not None:
            argv.append(f"-Clinker={self._linker(place, variant)}")
        elif variant.llc:
            argv += [f"-Cllvm-args={word}" for word in variant.llc]
        env = processes.environment({**self.toolchain.variables(), "RUSTC_BOOTSTRAP": "1"})
        done = processes.run([*argv, str(source), "-o", str(binary)], env=env, timeout=3600)
        if variant.passes:
            told = place / PASSES
            self.passes = told.read_text().splitlines() if told.is_file() else done.error_text.splitlines()
        if done.status == 0 and binary.is_file():
            return binary
        for each in programs if len(programs) == 1 else ():
            self.said[each.name] = why(done.error_text)
        return None

    def _model(self, variant: Variant) -> str:
        """The CPU that is built for, empty where the port's back end does not name one."""
        return variant.cpu or (str(self.own["cpu"]) if self.own is not None else "")

    def _named(self, variant: Variant) -> list[str]:
        """What GNU as, which goes by the last that it is told, and QEMU call that CPU; nothing where they have other
        names."""
        known, model = of_arch(self.arch), self._model(variant)
        return [model.lower()] if model and known is not None and known.named_models else []

    def _linker(self, place: Path, variant: Variant) -> Path:
        """The port's own linker with other settings: ELF for QEMU, the CPU, the errata."""
        assert self.own is not None and self.built.sysroot is not None
        stock = variant.without == ("*",)
        changed = dict(self.own) | {
            "output": "elf",
            "cpu": self._model(variant),
            "assembler_args": [*self.own["assembler_args"], *(f"-{each}" for each in self._named(variant))],
            "inline_assembly": "llvm" if stock else "assembler",
            "without": [] if stock else list(variant.without),
            "errata": not stock,
            "stock": stock,
            "llc_args": list(variant.llc),
            "told": str(place / PASSES) if variant.passes else "",
        }
        script = (self.built.sysroot / "bin" / "link").read_text()
        linker = place / "link"
        write_atomic(linker, script, mode=0o755)
        write_atomic(place / "link.json", json.dumps(changed))
        return linker

    def _by_qemu(self, binary: Path, model: Sequence[str]) -> Execute:
        prefix = [] if self.arch == platform.machine() else [str(processes.need(f"qemu-{self.arch}", QEMU))]
        prefix += ["-cpu", *model] if prefix and model else []

        def execute(past: int, seconds: float) -> tuple[int, bytes]:
            done = processes.run([*prefix, str(binary), *["x"] * past], timeout=seconds)
            return done.status, done.stdout

        return execute

    def _collected(self, execute: Execute, count: int) -> list[Result]:
        known = of_arch(self.arch)
        order: Any = known.endian if known is not None else "little"
        results: list[Result] = []
        while len(results) < count:
            status, out = execute(len(results), PATIENCE)
            if status == -9:  # on a busy machine many programs together take long
                status, out = execute(len(results), PATIENCE * MORE)
            came = [out[at : at + 8] for at in range(0, len(out) - 7, 8)]
            results += [int.from_bytes(each, order) for each in came][: count - len(results)]
            if len(results) < count:
                results.append(ended(status))
        return results


def together(one: Result, other: Result) -> Result:
    """What came of a program in QEMU and in the userland machine: one result, or both in words."""
    return one if one == other else f"{shown(one)}, and in the userland machine {shown(other)}"


def shown(result: Result) -> str:
    """A result for people."""
    return result if isinstance(result, str) else f"{result:#018x}"


QEMU = "`portwright setup --all` brings it (Debian: qemu-user)"


def ended(status: int) -> str:
    """How a program ended that came to nothing."""
    if status == -9:
        return "hangs"
    return f"crashes: signal {-status}" if status < 0 else f"crashes: status {status}"


def why(said: str) -> str:
    """The line that says why a compiler failed: a tool's crash, else its first error."""
    for form in (
        r"at the function .*",
        r"\S+:\d+: in \S+: .*",
        r"relocation truncated .*",
        r".*signal: .*",
        r".*Error: .*",
        r".*undefined reference.*",
        r"error.*",
    ):
        found = re.search(form, said)
        if found is not None:
            return found[0].strip()[:300]
    return (said.strip().splitlines() or ["it says nothing"])[-1][:300]


def folder() -> Path:
    """Where the programs written by hand lie."""
    return ports.bundled_folder() / "hunts"


@cache
def start(arch: str) -> str:
    """The first instructions of a hunt's binary on a CPU; raises `BadInput` where nobody has written them."""
    path = folder() / "start" / f"{arch}.rs"
    if not path.is_file():
        raise fail(
            f"no start of a hunt for {arch}", Where(path), "write this file, after its neighbours", "hunt/cpu"
        )
    return path.read_text()


def written() -> list[Written]:
    """The programs written by hand. All stand in one text, which the first of them carries."""
    names = re.findall(r"^fn (\w+)\(h: &mut H\)", (folder() / "written.rs").read_text(), re.MULTILINE)
    return [Written(name, "") for name in names]


def by_hand(name: str) -> str:
    """The text of a program written by hand."""
    whole = (folder() / "written.rs").read_text()
    found = re.search(rf"^fn {name}\(h: &mut H\) \{{\n.*?^\}}\n", whole, re.MULTILINE | re.DOTALL)
    return found[0] if found else ""


def text(programs: Sequence[Written], head: str) -> str:
    """The source of a binary."""
    frame = (folder() / "frame.rs").read_text()
    by_hand = (folder() / "written.rs").read_text() if any(not each.text for each in programs) else ""
    made = "".join(each.text for each in programs)
    return head + frame + by_hand + made + hunt_programs.table([each.name for each in programs])


def expected(toolchain: Toolchain, programs: Sequence[Written]) -> dict[str, int]:
    """What each program comes to on this machine; remembered."""
    source = text(programs, HEAD) + HOSTED
    key = hash_value([source, toolchain.fingerprint, "1"])[:32]
    place = cache_root() / "hunts" / key
    remembered = place / "expected.json"
    names = [each.name for each in programs]
    if not remembered.is_file():
        place.mkdir(parents=True, exist_ok=True)
        write_atomic(place / "host.rs", source)
        env = processes.environment({**toolchain.variables(), "RUSTC_BOOTSTRAP": "1"})
        argv = [
            str(toolchain.rustc),
            *PLAIN,
            "-Copt-level=1",
            str(place / "host.rs"),
            "-o",
            str(place / "host"),
        ]
        processes.check(
            processes.run(argv, env=env, timeout=3600), what="the hunt's programs for this machine"
        )
        done = processes.check(
            processes.run([str(place / "host")], timeout=60), what="the hunt on this machine"
        )
        numbers = [int.from_bytes(done.stdout[at : at + 8], "big") for at in range(0, len(done.stdout), 8)]
        if len(numbers) != len(names):
            what = f"the hunt on this machine gave {len(numbers)} results for {len(names)} programs"
            raise PortwrightError([Fault(what, Where(place / "host.rs"))])
        write_atomic(remembered, json.dumps(numbers))
    return dict(zip(names, json.loads(remembered.read_text()), strict=True))


def settings_of(built: BuildResult) -> Mapping[str, Any] | None:
    """The settings of the port's linker, None where rustc itself generates its code."""
    path = built.sysroot / "bin" / "link.json" if built.sysroot else None
    if path is None or not path.is_file():
        return None
    value: Mapping[str, Any] = json.loads(path.read_text())
    return value
