"""Seven boots of a real kernel, recorded: each gets the verdict of its README, by the bundled port's description."""

from __future__ import annotations

from pathlib import Path

import pytest

from portwright.describe import port as ports
from portwright.describe.machine import Criterion
from portwright.judge import boot, known_failures
from portwright.judge.boot import Rules, Seen
from portwright.run import transcript_file

BOOTED = 11
DEAD = {
    "veridian-early-double-fault.log": (
        ["FATAL:DF rip=0xffffffff807c3b77", "cr2=0x7ffffffca8", "after `memory`"],
        "stack-overflow-in-early-boot",
    ),
    "veridian-reset-without-a-word.log": (
        ["the console just ends, without a word", "after `tests said to be good`"],
        "frame-allocator-overlap",
    ),
    "veridian-program-kills-kernel-gp.log": (
        ["FATAL: kernel page fault", "during a program that is started at boot"],
        "program-kills-kernel",
    ),
    "veridian-misaligned-tls-kills-kernel.log": (
        ["FATAL: kernel page fault", "during the program /bin/tls_test"],
        "tls-size",
    ),
    "veridian-yield-double-fault.log": (
        ["FATAL:DF rip=0xffffffff8016e9b0", "during a program that is started at boot"],
        "first-yield",
    ),
}


def judged(log: Path, *criteria: Criterion) -> Seen:
    port = ports.load("x86_64-unknown-veridian")
    machine = port.machines["qemu"].model_copy(update={"criterion": list(criteria)})
    return boot.judge(Rules(machine, known_failures.known(port.failures)), transcript_file.read(log))


@pytest.fixture
def transcripts(shared: Path) -> Path:
    folder = shared / "transcripts"
    if not folder.is_dir():
        pytest.skip("transcripts: there are none beside the repository")
    return folder


@pytest.mark.parametrize("name", ["veridian-to-the-prompt.log", "veridian-to-the-prompt-bad-image.log"])
def test_a_boot_to_the_prompt_passes(transcripts: Path, name: str) -> None:
    seen = judged(transcripts / name)
    assert seen.verdict is not None
    assert seen.verdict.passed, seen.verdict
    assert len(seen.reached) == BOOTED


def test_a_bad_image_fails_the_programs_criterion(transcripts: Path) -> None:
    pattern = r"^many_openable=0x0*(?P<count>[0-9a-f]+)"
    criterion = Criterion(name="300 files", pattern=pattern, groups={"count": "12c"})
    seen = judged(transcripts / "veridian-to-the-prompt-bad-image.log", criterion)
    assert seen.verdict is not None and seen.verdict.passed
    assert boot.judge_criterion(seen, criterion).outcome == "wrong"
    assert "count is 91, expected 12c" in boot.judge_criterion(seen, criterion).detail
    other = judged(transcripts / "veridian-to-the-prompt.log", criterion)
    assert boot.judge_criterion(other, criterion).outcome == "never-reported"


@pytest.mark.parametrize("name", DEAD)
def test_a_dead_kernel_has_crashed_where_and_why(transcripts: Path, name: str) -> None:
    words, failure = DEAD[name]
    seen = judged(transcripts / name)
    assert seen.verdict is not None
    assert seen.verdict.outcome == "crashed", seen.verdict
    for word in words:
        assert word in seen.verdict.detail
    port = ports.load("x86_64-unknown-veridian")
    found = boot.explain(known_failures.known(port.failures), seen)
    assert failure in [row.name for row, _ in found]
    if failure == "tls-size":
        assert found[0][0].name == failure, "the surest first"


@pytest.mark.parametrize("name", ["veridian-to-the-prompt.log", *DEAD])
def test_the_verdict_does_not_hang_on_how_it_is_read(
    transcripts: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = judged(transcripts / name).verdict
    assert whole is not None
    for size in (7, 333):
        monkeypatch.setattr(transcript_file, "CHUNK", size)
        verdict = judged(transcripts / name).verdict
        assert verdict is not None
        assert (verdict.outcome, verdict.detail) == (whole.outcome, whole.detail)
