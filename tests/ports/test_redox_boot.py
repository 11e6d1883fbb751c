"""The machine of the bundled port of Redox: the consoles that its documents tell of, each with its verdict and its cause.

The consoles are put together from the lines that are known of Redox; the real QEMU with the real UEFI firmware is in
`make e2e`: it starts the port's own disk, and finds what that has, a loader that is a stand-in.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from portwright.base.events import outcome
from portwright.describe.toolchain import Toolchain
from portwright.jobs import boot
from portwright.jobs.boot import Arguments, Result
from portwright.run import firmware

NAME = "aarch64-unknown-redox"
START = "Bootstrap entry point: 3000\ninit: running: pcid-spawner /etc/pcid/initfs.toml\n"

CASES = {
    "to the prompt": (f"{START}redox login: root\nroot:~# ", "passed", None),
    "the initfs has no bootstrap": (
        "Bootstrap entry point: FFFFFFFFFFFFFFFF\nKERNEL PANIC: page fault\n",
        "panicked",
        "initfs-without-bootstrap",
    ),
    "a program that begins at address 0": (
        f"{START}Not an SVC induced synchronous exception (ty=100100)\nELR_EL1: 0x0000000000000000\n",
        "crashed",
        "program-without-an-entry",
    ),
    "a stack that overflows": (f"{START}GUARD PAGE at 0xffff800000\n", "crashed", "stack-overflow"),
    "it ends after a program is started": (START, "crashed", None),
}


@pytest.fixture
def judged(tmp_path: Path, fresh_cache: Path) -> object:
    def judge(text: str) -> Result:
        log = tmp_path / "console.log"
        log.write_text(text)
        return outcome(boot.run(Arguments(NAME, transcript=log)))

    return judge


@pytest.mark.parametrize("case", CASES)
def test_a_console_is_judged_and_explained(case: str, judged) -> None:  # type: ignore[no-untyped-def]
    text, verdict, cause = CASES[case]
    run = judged(text).runs[0]
    assert run.verdict.outcome == verdict, run.verdict
    names = [known.name for known in run.known]
    assert (cause in names) if cause else not names, names


def test_what_only_explains_does_not_end_a_boot(judged) -> None:  # type: ignore[no-untyped-def]
    for line, name in {
        "Lacks grant": "grant-that-is-not-there",
        "e1000d: No such device (os error 19)": "driver-without-its-device",
    }.items():
        run = judged(f"{START}{line}\nredox login: root\nroot:~# ").runs[0]
        assert run.verdict.outcome == "passed" and [known.name for known in run.known] in ([], [name])
        lost = judged(f"{START}{line}\n").runs[0]
        assert lost.verdict.outcome == "crashed" and [known.name for known in lost.known] == [name]


@pytest.mark.e2e
def test_the_firmware_finds_the_port_s_own_disk(toolchain: Toolchain) -> None:
    if not firmware.is_there("aarch64"):
        pytest.skip("firmware: no UEFI firmware for aarch64 here (portwright setup --all)")
    result = outcome(boot.run(Arguments(NAME)))
    run = result.runs[0]
    assert run.verdict.outcome == "no-boot-target", run.verdict
    assert "HD(2,GPT," in run.rows[0].verdict.evidence or "HD(2,GPT," in run.transcript.read_text()
