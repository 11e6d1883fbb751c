"""NeXTSTEP on m68k: the three target specs of the first plan, programs in the userland machine, the port itself."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portwright.base.sources import File
from portwright.build import elf_program_to_macho
from portwright.derive.generators import sys_crate
from portwright.describe import ledger_check
from portwright.describe import port as ports
from portwright.formats import macho
from portwright.run import machine
from portwright.run.events import Called, Died, Exited, Outcome
from portwright.run.limits import Limits
from portwright.run.options import Options

NAME = "m68k-next-nextstep"
FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
PORT = ports.load(NAME)
CODE_ROOM = 8 << 10

# What the doctor says of each of the three specs that the first plan for this port had, each wrong in its own way.
SAID = {
    "first": {
        "data-layout": "has m:o",
        "width-type": "`target-c-int-width` is '32'",
        "unknown-feature": "no feature `68030`",
        "page-size": "pages of 4096 bytes, and the OS's pages are of 8192",
        "host-library": "`-lSystem` is linked into every program",
        "llvm-target-os": "writes ELF",
        "atomic-width": "atomics are given up",
        "code-model": "`large` does nothing",
        "unknown-key": "`eliminate-frame-pointer`",
    },
    "second": {
        "data-layout": "i32:32:32",
        "unknown-feature": "no feature `fpu`",
        "atomic-width": "atomics of at most 32 bits, not 64",
        "loader-dynamic": "`dynamic-linking` is on, and the loader takes only macho-exec",
        "loader-pie": "the loader takes only macho-exec",
        "panic-unwinder": "nothing can",
        "code-model": "`medium` does nothing",
    },
    "third": {
        "llvm-target-os": "cannot write mach-o",
        "unknown-cpu": "no CPU `68030`",
        "tls-model": "the OS serves none",
        "unknown-key": "`is-like-osx`",
        "wrong-type": "`default-codegen-units`",
        "platform-flag": "darwin",
        "abi-name": "`SystemV` sets no calling convention",
    },
}


def findings(node: Any) -> list[tuple[str, str]]:
    """(code, what) of everything in a JSON document that says so."""
    if isinstance(node, list):
        return [row for each in node for row in findings(each)]
    if not isinstance(node, dict):
        return []
    own = [(str(node.get("code") or node.get("rule")), str(node["what"]))] if "what" in node else []
    return own + [row for each in node.values() for row in findings(each)]


@pytest.mark.toolchain
@pytest.mark.parametrize("spec", SAID)
def test_the_doctor_explains_each_spec_of_the_first_plan(portwright: Callable[..., Any], spec: str) -> None:
    path = FIXTURES / "next-specs" / f"{spec}.json"
    shown = portwright("check", str(path), "--no-probe", "--json")
    assert shown.returncode == 1
    said = findings(json.loads(shown.stdout))
    for code, words in SAID[spec].items():
        assert any(each == f"spec/{code}" and words in what for each, what in said), (code, words, said)


@pytest.mark.toolchain
def test_the_port_has_no_error(portwright: Callable[..., Any]) -> None:
    shown = portwright("check", NAME, "--no-probe", "--json")
    assert shown.returncode == 0, shown.stdout
    found = ledger_check.check(PORT.ledger, PORT.ledger_places)
    assert [each for each in found if each.severity == "error"] == []


def test_the_sys_crate_is_what_follows_from_the_ledger() -> None:
    folder = PORT.folder / "crates" / "nextstep-sys"
    for name, text in sys_crate.generate(PORT).items():
        hint = f"portwright ledger crate {NAME} {folder.relative_to(PORT.folder.parents[1])}"
        assert (folder / name).read_text() == text, hint


# --- programs of C


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Compiles a fixture, and makes it a Mach-O program."""
    compiler = shutil.which("m68k-linux-gnu-gcc")
    if compiler is None:
        pytest.skip("gcc-m68k-linux-gnu is not installed")
    folder, made = tmp_path_factory.mktemp("next"), dict[str, Path]()

    def make(name: str) -> Path:
        if name not in made:
            elf, target = folder / f"{name}.elf", folder / name
            link = "-Wl,-z,max-page-size=8192,-Ttext-segment=0x4000,--build-id=none"
            argv = [compiler, "-m68030", "-O1", "-ffreestanding", "-nostdlib", "-static", link]
            argv += ["-fno-optimize-sibling-calls", "-fno-delete-null-pointer-checks"]
            source = FIXTURES / "next-programs" / f"{name}.c"
            subprocess.run([*argv, "-o", elf, source], check=True, capture_output=True)
            target.write_bytes(elf_program_to_macho.convert(elf.read_bytes(), name))
            made[name] = target
        return made[name]

    return make


def run(binary: Path, *arguments: str, **given: Any) -> Outcome:
    given.setdefault("seed", 1)
    options = Options(capture=True, stdin=b"", arguments=arguments, **given)
    return machine.run_program(PORT, binary, options)


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_the_calls_that_are_unlike_other_systems(program: Callable[[str], Path], seed: int | None) -> None:
    outcome = run(
        program("calls"), "a", "b c", seed=seed or 1, kind=seed is None, environment={"HOME": "/me"}
    )
    assert outcome.end == Exited(3)
    said = outcome.stdout.decode().splitlines()
    assert said == [
        "stack 00000000",
        *(f"argument {each}" for each in ("calls", "a", "b c")),
        "variable HOME=/me",
        "missing fffffffe",
        "pipe abc",
        "child 00000001 00000700",
        "break 00000000 00000000",
        "too much fffffff4",
        "mach 00000000",
        "end",
    ]


def test_a_trace_names_the_calls_of_both_traps(program: Callable[[str], Path]) -> None:
    seen: list[Any] = []
    options = Options(capture=True, stdin=b"", seed=1, kind=True, calls=True)
    machine.run_program(PORT, program("calls"), options, seen.append)
    names = {event.name: event.error for event in seen if isinstance(event, Called)}
    assert {"write", "pipe", "fork", "wait4", "obreak", "swtch_pri", "exit"} <= set(names)
    assert names["open"] == "ENOENT" and names["swtch_pri"] is None


# fmt: off
WRONG = {
    "n": ("bad-access", "write to 0x8"),
    "t": ("other", "`trap #0` is not this OS's trap"),
    "i": ("illegal-instruction", "illegal instruction"),
    "d": ("divide", "division by zero"),
    "s": ("bad-access", "write to"),
    "w": ("bad-access", "write to"),
}
# fmt: on


@pytest.mark.parametrize("how", WRONG)
def test_what_goes_wrong_is_told_with_its_instruction_and_function(
    program: Callable[[str], Path], how: str
) -> None:
    end = run(program("wrong"), how).end
    assert isinstance(end, Died)
    kind, words = WRONG[how]
    if how == "s":
        assert end.report.kind in ("bad-access", "stack-overflow")
    else:
        assert (end.report.kind, words in end.report.what) == (kind, True), end.report
    assert end.report.instruction and end.report.backtrace[0].symbol in ("begin", "deep")


@pytest.mark.parametrize("how", ["l", "b"])
def test_what_does_not_end_is_ended(
    program: Callable[[str], Path], how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loop, and BKPT, in which Unicorn itself hangs: the process that it is in is ended."""
    monkeypatch.setattr(machine, "PATIENCE", 1.0)
    end = run(program("wrong"), how, limits=Limits(seconds=1.0)).end
    assert isinstance(end, Died) and end.report.kind == "time-limit"


def test_unknown_calls_and_what_is_not_offered_are_reported(program: Callable[[str], Path]) -> None:
    outcome = run(program("wrong"), "u")
    assert outcome.end == Exited(0)
    assert any(report.kind == "unknown-call" for report in outcome.reports)
    outcome = run(program("wrong"), "m")
    assert any("msg_send" in report.what for report in outcome.reports)


# --- the port's own programs


@pytest.mark.toolchain
def test_up_is_green(portwright: Callable[..., Any], toolchain: Any) -> None:
    for tool in ("llc-22", "m68k-linux-gnu-as", "m68k-linux-gnu-ld"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    shown = portwright("up", NAME, "--json")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    rows = json.loads(shown.stdout)["rows"]
    assert {row["verdict"]["outcome"] for row in rows} == {"passed"}
    assert [row["name"] for row in rows][3:] == [each.name for each in PORT.manifest.program]
    shown = portwright("build", NAME, "hello-world", "--json")
    binary = next(path for path in json.loads(shown.stdout)["programs"].values())
    path = binary[0] if isinstance(binary, list) else binary
    code = [row for row in macho.load(File(Path(path))).sections if row.segment == "__TEXT"]
    assert sum(row.size for row in code) < CODE_ROOM
