"""How soon a boot's outcome is known: a kernel that dies, one that hangs, a hundred megabytes of console, and Linux.

The rival is what porters do: QEMU by itself, and a sleep. Needs qemu-system-x86_64.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.row import Row, at_most, below

from benchmarks import timing

sys.path[:0] = [str(timing.ROOT / "tests"), str(timing.ROOT / "src")]

SLEEP = 60.0
LINUXES = 5
"""How often each boots, in turn: one and the same line takes 6.8 to 8.9 s on a machine of two processors."""
LINE = b"[    1.234567] something happens again and again: 0x1234 and so on\n"


def rows() -> list[Row]:
    """The goals of boots."""
    import bare_metal
    from portwright.base.files import cache_root
    from portwright.describe import toolchain

    kernel = bare_metal.kernel(cache_root(), toolchain.find())
    with tempfile.TemporaryDirectory() as folder:
        port = bare_metal.port(Path(folder) / "port")
        dies = _boot(port, kernel, "up panic")
        hangs = _boot(port, kernel, "up spin")
        since = dies["seconds"] - dies["milestones"][-1]["at"]
        deadline = 1.0 * _slowness(Path(hangs["transcript"]))  # of the milestone that does not come
        late = hangs["seconds"] - hangs["milestones"][-1]["at"] - deadline
        return [
            below("boot: a kernel that dies, after it died", "sleep 60; grep", since, SLEEP, "s", limit=1),
            below("boot: a hang named, after the deadline", "sleep 60; grep", late, SLEEP, "s", limit=3),
            _console(Path(folder), port),
            *_linux(Path(folder)),
        ]


def _boot(port: Path, kernel: Path, append: str) -> Any:
    done = subprocess.run(
        timing.portwright("boot", port, "--kernel", kernel, "--append", append, "--json"),
        capture_output=True,
        env=timing.environment(),
        check=False,
    )
    return json.loads(done.stdout)["runs"][0]


def _slowness(transcript: Path) -> float:
    """What the machine's deadlines were multiplied by: that of the milestone is one second."""
    from portwright.run import transcript_file
    from portwright.run.events import MachineStarted

    return next(e.slowness for e in transcript_file.read(transcript) if isinstance(e, MachineStarted))


def _console(folder: Path, port: Path) -> Row:
    """A hundred megabytes of console, judged to the end, against grep for one of its words."""
    from portwright.describe import port as ports
    from portwright.judge import boot, known_failures
    from portwright.run import transcript_file

    log = folder / "log"
    log.write_bytes(LINE * ((100 << 20) // len(LINE)) + b"BARE entry\nBARE memory ready\nBARE success\n")
    machine = ports.load(str(port)).machines["bare"].model_copy(update={"most_output": 1 << 30})
    began = time.process_time()
    seen = boot.judge(boot.Rules(machine, known_failures.known()), transcript_file.read(log))
    ours = time.process_time() - began
    assert seen.verdict is not None and seen.verdict.passed
    began = time.monotonic()
    subprocess.run(["grep", "-c", "BARE success", log], capture_output=True, check=True)
    return below(
        "boot: 100 MB of console judged", "grep for one word", ours, time.monotonic() - began, "s", limit=1
    )


def _linux(folder: Path) -> list[Row]:
    """Linux to the first line of the first std program, against QEMU by itself."""
    import linux_kernels
    from portwright.base.files import cache_root
    from portwright.build import goals
    from portwright.describe import port as ports

    port = ports.load("x86_64-portwright-linux")
    work = goals.build_crate(port, timing.ROOT / "tests/fixtures/linux-init/init.rs")
    while True:
        try:
            next(work)
        except StopIteration as end:
            init = end.value.programs["init"][0]
            break
    kernel = linux_kernels.kernel("x86_64", cache_root())
    initrd = linux_kernels.initramfs(folder / "initrd", {"init": init.read_bytes()})
    words = ["-M", "q35", "-m", "512M", "-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio"]
    append = "console=ttyS0 panic=-1"
    bare = [
        "qemu-system-x86_64",
        "-accel",
        "tcg",
        *words,
        "-kernel",
        kernel,
        "-initrd",
        initrd,
        "-append",
        append,
    ]
    argv = timing.portwright(
        "boot", port.target, "--kernel", kernel, "--initrd", initrd, "-c", "ls /", "--json"
    )
    theirs, ours = [], []
    for number in range(LINUXES):
        theirs.append(_until_said(list(map(str, bare))))
        ours.append(_until_recorded(argv, folder / f"record{number}"))
    return [
        at_most(
            "boot: Linux to std's first output, from QEMU's start",
            "QEMU by itself",
            statistics.median(ours),
            statistics.median(theirs),
            "s",
            times=1.1,
        )
    ]


def _until_said(argv: list[str]) -> float:
    began = time.monotonic()
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.startswith(b"INIT of"):
                    return time.monotonic() - began
        finally:
            process.kill()
    raise SystemExit("bench: Linux did not come to its first program")


def _until_recorded(argv: list[str], record: Path) -> float:
    from portwright.run import transcript_file
    from portwright.run.events import ConsoleOutput

    subprocess.run(
        [*argv, "--record", str(record)], capture_output=True, env=timing.environment(), check=True
    )
    text = b""
    for event in transcript_file.read(record):
        if isinstance(event, ConsoleOutput):
            text += event.data
            if b"INIT of" in text:
                return event.at
    raise SystemExit("bench: no output of the first program in the transcript")
