"""`portwright boot` on a real QEMU: a kernel of our own ends in each way that there is, and each is named."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

import bare_metal
from portwright.base.errors import PortwrightError, StepFailed
from portwright.base.events import outcome
from portwright.describe import toolchain as toolchains
from portwright.jobs import boot
from portwright.jobs.boot import Arguments, Result
from portwright.judge import boot as judge
from portwright.run import firmware, qemu_cpus, transcript_file
from portwright.run.events import ConsoleInput, ConsoleOutput, Cpu, MachineEnded, MachineEvent

Portwright = Callable[..., subprocess.CompletedProcess[str]]
pytestmark = pytest.mark.toolchain


@pytest.fixture(scope="module")
def kernel(cache: Path, toolchain: toolchains.Toolchain) -> Path:
    return bare_metal.kernel(cache, toolchain)


@pytest.fixture
def bare(tmp_path: Path, fresh_cache: Path) -> str:
    return str(bare_metal.port(tmp_path / "port"))


def drive(arguments: Arguments) -> Result:
    return outcome(boot.run(arguments))


@pytest.fixture
def go(kernel: Path, bare: str) -> Callable[..., Result]:
    def start(words: str, **others: Any) -> Result:
        return drive(Arguments(bare, kernel=kernel, append=words, **others))

    return start


CASES = {
    "passed": ("up success sleep", "passed", "3 milestones"),
    "passed, marker in two writes": ("up split sleep", "passed", "3 milestones"),
    "passed, after binary garbage": ("garbage up garbage success sleep", "passed", "3 milestones"),
    "passed, a marker before its cause does not count": (
        "success up success sleep",
        "passed",
        "3 milestones",
    ),
    "only a marker before its cause": ("success up sleep", "silent", "waiting for `success`"),
    "panicked": ("up panic", "panicked", "`PANIC: nothing left to do` after `memory`, waiting for `success`"),
    "panicked after the success marker": ("up success panic", "panicked", "after `success`"),
    "panicked, in Rust's words": ("up rust-panic", "panicked", "bare.rs"),
    "triple fault": ("up triple", "crashed", "triple fault in triple_fault+0x"),
    "triple fault after the success marker": ("up success triple", "crashed", "after `success`"),
    "reset by the guest": ("up reset", "crashed", "the guest reset the machine after `memory`"),
    "QEMU ended": ("up exit", "crashed", "the machine ended with status 7 after `memory`"),
    "spinning": ("up spin", "silent", "spinning in spin_for_ever+0x"),
    "halted for good": ("up deaf", "silent", "halted with interrupts off in halt_deaf+0x"),
    "idle": ("up sleep", "silent", "idle in sleep_for_ever+0x"),
    "running": ("up work", "silent", "running, without output"),
    "flood": ("up flood", "flood", "again and again `the same line again"),
    "never reported": ("up off", "never-reported", "switched itself off: milestone `success` was never seen"),
}


@pytest.mark.parametrize("name", CASES)
def test_each_end_has_its_name(go: Callable[..., Result], name: str) -> None:
    words, outcome, detail = CASES[name]
    result = go(words)
    assert result.verdict.outcome == outcome, result.verdict
    assert detail in result.verdict.detail
    assert result.status == (0 if outcome == "passed" else 1)
    if outcome != "passed":
        assert result.verdict.evidence


def test_a_silence_shows_the_way_there(go: Callable[..., Result]) -> None:
    verdict = go("up spin").verdict
    assert "called by main+0x" in verdict.detail
    assert "CPU 0: running, seen at 1 place" in verdict.evidence
    assert verdict.detail.index("spin_for_ever") < verdict.detail.index("main")


def test_a_dead_machine_is_not_waited_for(go: Callable[..., Result]) -> None:
    run = go("deaf").runs[0]
    assert run.verdict.outcome == "silent"
    assert run.seconds < 10, "the deadline is 10 seconds at least: nothing could wake it"


def test_a_power_off_under_way_is_no_silence(
    go: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guest asks for its power to go off and halts for good; its CPU is looked at before QEMU comes to it."""
    looked = []

    def halted(*_: Any, **__: Any) -> tuple[str, tuple[Cpu, ...], tuple[str, ...]]:
        looked.append(True)
        time.sleep(2.0)
        return "dead", (Cpu(0, (0x100000,), True, False),), ()

    monkeypatch.setattr(qemu_cpus, "sample", halted)
    verdict = go("up wait wait wait wait off").verdict
    assert looked
    assert verdict.outcome == "never-reported", verdict
    assert "switched itself off" in verdict.detail


def test_a_panic_is_quoted_with_the_lines_behind_it(go: Callable[..., Result]) -> None:
    assert "at a place, in a function" in go("up panic").verdict.evidence


def test_a_milestone_that_says_something_else_is_wrong(
    kernel: Path, tmp_path: Path, fresh_cache: Path
) -> None:
    text = bare_metal.MACHINE.replace(
        'pattern = "^BARE success"',
        "pattern = '^BARE tests: (?P<passed>\\d+)/5 passed'\nexpect = { passed = \"5\" }",
    )
    folder = str(bare_metal.port(tmp_path / "port", text))
    bad = drive(Arguments(folder, kernel=kernel, append="up tests-bad sleep"))
    assert bad.verdict.outcome == "wrong"
    assert "milestone `success`: passed is 3, expected 5: `BARE tests: 3/5 passed`" in bad.verdict.detail
    assert drive(Arguments(folder, kernel=kernel, append="up tests-good sleep")).verdict.passed


def test_a_reset_loop_is_no_timeout(kernel: Path, tmp_path: Path, fresh_cache: Path) -> None:
    text = bare_metal.MACHINE.replace("settle = 0.25", "settle = 0.25\nreboots = 1")
    folder = str(bare_metal.port(tmp_path / "port", text))
    result = drive(Arguments(folder, kernel=kernel, append="up reset"))
    assert result.verdict.outcome == "crashed"
    assert "it starts anew" in result.verdict.detail


def test_switching_off_can_be_what_is_wanted(kernel: Path, tmp_path: Path, fresh_cache: Path) -> None:
    text = bare_metal.MACHINE.replace("settle = 0.25", "power-off = true")
    folder = str(bare_metal.port(tmp_path / "port", text))
    good = drive(Arguments(folder, kernel=kernel, append="up success off"))
    assert good.verdict.passed
    assert "then it switched itself off" in good.verdict.detail
    stays = drive(Arguments(folder, kernel=kernel, append="up success sleep"))
    assert stays.verdict.outcome == "silent"


def test_a_kernel_that_is_cut_off_could_not_run(
    kernel: Path, bare: str, tmp_path: Path, portwright: Portwright
) -> None:
    short = tmp_path / "short"
    short.write_bytes(kernel.read_bytes()[:100])
    done = portwright("boot", bare, "--kernel", short)
    assert done.returncode == 2
    assert "could-not-run" in done.stdout


def test_no_kernel_is_no_boot_target(bare: str, kernel: Path) -> None:
    result = drive(Arguments(bare))
    assert result.verdict.outcome == "no-boot-target"
    assert "No bootable device" in result.verdict.detail
    assert any("boot loader" in known.cure for known in result.runs[0].known)


def test_a_disk_that_uefi_cannot_start(tmp_path: Path, fresh_cache: Path) -> None:
    bare_metal.need_qemu()
    if not firmware.is_there("x86_64"):
        pytest.skip("firmware: no UEFI firmware for x86_64 here (portwright setup --all)")
    text = bare_metal.MACHINE.replace('machine = "pc,graphics=off"', 'machine = "q35"\nfirmware = "uefi"')
    text = text.replace('accelerator = "tcg"', 'accelerator = "tcg"\ndrives = [{ image = "empty" }]')
    folder = bare_metal.port(tmp_path / "port", text.replace("seconds = 10", "seconds = 60"))
    (folder / "empty").write_bytes(bytes(1 << 20))
    run = drive(Arguments(str(folder))).runs[0]
    assert run.verdict.outcome == "no-boot-target", run.verdict
    assert run.known[0].name == "no-boot-target-uefi"
    assert "snapshot=on" in run.by_hand and "portwright-boot" not in run.by_hand


def test_a_drive_gets_the_port_s_own_image_of_its_name(
    tmp_path: Path, kernel: Path, fresh_cache: Path
) -> None:
    text = bare_metal.MACHINE.replace(
        'accelerator = "tcg"', 'accelerator = "tcg"\ndrives = [{ image = "data" }]'
    )
    text += (
        '\n[image.data]\nformat = "fat"\nsize = "1MiB"\n[[image.data.file]]\npath = "a.txt"\ntext = "told"\n'
    )
    folder = bare_metal.port(tmp_path / "port", text)
    run = drive(Arguments(str(folder), kernel=kernel, append="up success sleep")).runs[0]
    made = re.search(r"file=([^, ]+)", run.by_hand)
    assert run.verdict.outcome == "passed" and made is not None, run
    assert b"told" in Path(made[1]).read_bytes()
    other = tmp_path / "other.img"
    other.write_bytes(bytes(1 << 20))
    for given in (str(other), f"data={other}"):
        arguments = Arguments(str(folder), kernel=kernel, append="up success sleep", image=(given,))
        assert f"file={other}" in drive(arguments).runs[0].by_hand


def test_what_is_missing_is_named_before_anything_starts(bare: str, tmp_path: Path, kernel: Path) -> None:
    with pytest.raises(PortwrightError) as caught:
        drive(Arguments(bare, kernel=tmp_path / "none", image=("x=nowhere",), repeat=0))
    assert {fault.code for fault in caught.value.faults} == {"boot/kernel", "boot/image", "boot/repeat"}


def test_several_boots_are_counted_and_flaky_is_said(go: Callable[..., Result]) -> None:
    result = go("up success sleep", repeat=2)
    assert result.verdict.passed
    assert "2 passed" in result.verdict.detail
    assert len(result.runs) == 2
    mixed = judge.overall([*(run.verdict for run in result.runs), go("up panic").verdict])
    assert mixed.outcome == "flaky"
    assert mixed.detail == "2 passed, 1 panicked of 3 boots"


def test_the_first_difference_from_the_last_good_boot(go: Callable[..., Result]) -> None:
    assert go("up success sleep").runs[0].divergence is None
    difference = go("up panic").runs[0].divergence
    assert difference is not None
    assert difference.common == "BARE memory ready"
    assert difference.line == "PANIC: nothing left to do"
    assert difference.missing == "BARE success"


def test_a_ports_own_failures_are_quoted(kernel: Path, tmp_path: Path, fresh_cache: Path) -> None:
    own = (
        '[[failure]]\nname = "nothing-left"\npattern = "nothing left to do"\ncause = "the work was done"\n'
        'cure = "give it more to do"\nconfidence = "certain"\n'
    )
    folder = str(bare_metal.port(tmp_path / "port", failures=own))
    run = drive(Arguments(folder, kernel=kernel, append="up panic")).runs[0]
    assert run.known[0].name == "nothing-left"
    assert run.known[0].line == "PANIC: nothing left to do"


@pytest.mark.parametrize("shell", ["shell", "shell-echo"])
def test_commands_at_a_poor_shell(go: Callable[..., Result], shell: str) -> None:
    """It has no `;`, its kernel talks in between and repeats what was typed, and it may echo or not."""
    commands = ("lines abc", "echo hello there", "nonsense", "status 3", "echo x")
    rows = go(f"up success {shell}", command=commands).runs[0].rows
    assert [row.name for row in rows] == ["boot", *commands]
    assert rows[1].output == "line a\nline b\nline c\n"
    assert rows[2].output == "hello there\n"
    assert rows[3].output == "unknown\n"
    assert [row.verdict.outcome for row in rows] == ["passed"] * 4 + ["wrong"] * 2
    assert rows[4].verdict.detail == "exit status 3, expected 0"


def test_a_command_that_kills_the_machine_or_never_ends(go: Callable[..., Result]) -> None:
    rows = go("up success shell-echo", command=("die", "echo x")).runs[0].rows
    assert [row.verdict.outcome for row in rows] == ["passed", "panicked", "not-run"]
    assert "during the command: `PANIC: told to`" in rows[1].verdict.detail


def test_commands_from_a_program(kernel: Path, bare: str) -> None:
    with boot.booted(bare, kernel=kernel, append="up success shell-echo") as guest:
        assert guest.run("echo one").output == "one\n"
        answer = guest.run("lines 12")
        assert answer.output == "line 1\nline 2\n"
        assert any("[kernel] tick" in row for row in answer.noise)
        assert answer.status == 0
        assert [row.name for row in guest.milestones] == ["entry", "memory", "success"]
        assert not guest.run("hang", seconds=0.5).ended
    with (
        pytest.raises(StepFailed, match="PANIC: nothing left"),
        boot.booted(bare, kernel=kernel, append="panic"),
    ):
        pass


def test_a_transcript_gets_the_same_verdict_again(
    go: Callable[..., Result], bare: str, tmp_path: Path
) -> None:
    for words in ("up success sleep", "up spin", "up triple"):
        record = tmp_path / "transcript"
        live = go(words, record=record)
        again = drive(Arguments(bare, transcript=record))
        assert again.verdict.outcome == live.verdict.outcome
        assert again.verdict.detail.split(";")[0] == live.verdict.detail.split(";")[0]
        times = [event.at for event in transcript_file.read(record)]
        assert times == sorted(times)


def test_qemu_killed_from_outside(kernel: Path, bare: str, tmp_path: Path) -> None:
    for number, word in ((signal.SIGKILL, "SIGKILL"), (signal.SIGTERM, "killed from outside")):
        record = tmp_path / f"t{number}"
        arguments = Arguments(bare, kernel=kernel, append="up spin", record=record)
        result = _killed(arguments, number)
        assert result.verdict.outcome == "crashed"
        assert word in result.verdict.detail


def _killed(arguments: Arguments, number: int) -> Result:
    """Boot, and kill the QEMU of this boot, by its own id, after its first output."""
    from portwright.run.machines import qemu

    take = qemu.QemuMachine.take

    def killing(self: qemu.QemuMachine) -> Generator[MachineEvent, None, None]:
        for event in take(self):
            yield event
            if isinstance(event, ConsoleOutput):
                os.kill(self.pid, number)

    patch = pytest.MonkeyPatch()
    patch.setattr(qemu.QemuMachine, "take", killing)
    try:
        return drive(arguments)
    finally:
        patch.undo()


def test_nothing_is_left_behind(go: Callable[..., Result], tmp_path: Path) -> None:
    go("up spin")
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    names = [
        Path(f"/proc/{child}/comm").read_text().strip()
        for child in children
        if Path(f"/proc/{child}").exists()
    ]
    assert not [name for name in names if name.startswith("qemu")]


def test_others_may_watch(kernel: Path, bare: str) -> None:
    """A second client sees the console, from its last lines on, and cannot disturb."""
    from portwright.describe import port as ports
    from portwright.run import booting
    from portwright.run.console import Boot

    described = ports.load(bare)
    machine = described.machines["bare"]
    scratch = Path(bare).parent / "scratch"
    scratch.mkdir()
    start = Boot(
        "bare", machine, described.folder, scratch, kernel=kernel, append="up wait success shell-echo"
    )
    live = boot._Live(judge.Rules(machine, (), stay=True))
    with booting.started(start, live, scratch / "record", {}) as driven:
        watchers = [socket.socket(socket.AF_UNIX) for _ in range(2)]
        for watcher in watchers:
            watcher.connect(str(scratch / booting.WATCH))
        watchers[1].close()  # one leaves at once
        for _ in driven.boot():
            watchers[0].setblocking(False)
        assert machine.shell is not None
        assert driven.command(machine.shell, "echo seen", 5).output == "seen\n"
        watchers[0].setblocking(True)
        seen = watchers[0].recv(1 << 16)
        watchers[0].close()
    assert b"BARE success" in seen


def test_json_is_one_document(kernel: Path, bare: str, portwright: Portwright) -> None:
    done = portwright("boot", bare, "--kernel", kernel, "--append", "up panic", "--json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["verdict"]["outcome"] == "panicked"
    assert [row["name"] for row in document["runs"][0]["milestones"]] == ["entry", "memory"]


def test_what_a_person_sees(kernel: Path, bare: str, portwright: Portwright) -> None:
    good = portwright("boot", bare, "--kernel", kernel, "--append", "up success shell-echo", "-c", "lines ab")
    assert good.returncode == 0, good.stdout + good.stderr
    assert "passed  boot: 3 milestones" in good.stdout
    assert "line a\nline b\n" in good.stdout
    bad = portwright("boot", bare, "--kernel", kernel, "--append", "up panic")
    assert bad.returncode == 1
    assert "first difference from the last good boot" in bad.stdout
    assert "by hand: " in bad.stdout
    assert "Traceback" not in bad.stderr


def test_a_console_log_of_any_origin(bare: str, tmp_path: Path, kernel: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"BARE entry\r\nBARE memory ready\r\n")
    result = drive(Arguments(bare, transcript=log))
    assert result.verdict.outcome == "crashed"
    assert "the console just ends, without a word after `memory`" in result.verdict.detail
    assert MachineEnded(0.0, "closed") == list(transcript_file.read(log))[-1]


@pytest.mark.e2e
def test_two_hundred_boots_have_two_hundred_right_verdicts(go: Callable[..., Result]) -> None:
    names = list(CASES)
    wrong = []
    for number in range(200):
        words, outcome, detail = CASES[names[number % len(names)]]
        verdict = go(words).verdict
        if verdict.outcome != outcome or detail not in verdict.detail:
            wrong.append((number, words, verdict))
    assert not wrong


def test_a_person_at_the_terminal(kernel: Path, bare: str, tmp_path: Path) -> None:
    """What is typed comes to the guest, what it says is seen, all of it is recorded, and one key leaves."""
    record = tmp_path / "record"
    words = [
        "boot",
        bare,
        "--kernel",
        kernel,
        "--append",
        "up success shell",
        "--interactive",
        "--record",
        record,
    ]
    outer, inner = pty.openpty()
    argv = [sys.executable, "-m", "portwright", *map(str, words)]
    with subprocess.Popen(argv, stdin=inner, stdout=inner, stderr=inner) as process:
        os.close(inner)

        def until(wanted: bytes) -> bytes:
            shown = b""
            while wanted not in shown:
                assert select.select([outer], [], [], 60)[0], shown
                shown += os.read(outer, 4096)
            return shown

        until(b"bare> ")
        os.write(outer, b"echo typed by hand\n")
        assert b"typed by hand" in until(b"bare> ")
        os.write(outer, b"\x1d")
        until(b"passed")
        assert process.wait(30) == 0
    os.close(outer)
    typed = b"".join(e.data for e in transcript_file.read(record) if isinstance(e, ConsoleInput))
    assert typed == b"echo typed by hand\n"
