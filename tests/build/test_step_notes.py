"""Files of steps that nobody compares: logs, and what was configured for a driver and names folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from log_maker import LogMaker
from portwright.build import event_log as on
from portwright.derive.recording import Recording


@pytest.fixture
def log(tmp_path: Path) -> LogMaker:
    return LogMaker(tmp_path)


def configured(log: LogMaker, reads: tuple[str, ...] = ()) -> Recording:
    """`./configure && make`: what it wrote, and what make and a step then read."""
    shell = log.start(None, "sh", "-c", "./configure && make")
    configure = log.start(shell, "sh", "./configure")
    log.write(configure, "configure.log", "Fri Nov 13")
    log.write(configure, "Makefile", f"top = {log.folder}")
    log.write(configure, "plain.mk", "CC = cc")
    log.write(configure, "lib.pc", f"prefix = {log.folder}")
    log.exit(configure)
    make = log.start(shell, "make")
    log.read(make, "Makefile", "plain.mk")
    step = log.start(make, "gen")
    log.read(step, *reads)
    log.write(step, "made", "made")
    log.exit(step)
    log.exit(make)
    log.exit(shell)
    log.end()
    return log.result().recording


def test_logs_and_what_steers_a_driver_and_names_folders(log: LogMaker) -> None:
    recording = configured(log)
    assert recording.seen["shell-configure"].notes == ("$SRC/Makefile", "$SRC/configure.log")
    outputs = recording.plan.step("shell-configure").outputs
    assert outputs == ("$SRC/lib.pc", "$SRC/plain.mk"), (
        "what no driver reads is compared, and what names no folder"
    )


def test_what_a_step_reads_is_compared(log: LogMaker) -> None:
    recording = configured(log, ("configure.log", "Makefile"))
    assert recording.seen["shell-configure"].notes == ()
    assert {"$SRC/Makefile", "$SRC/configure.log"} <= set(recording.plan.step("shell-configure").outputs)


def test_a_shell_that_ends_late_was_not_left_running(log: LogMaker) -> None:
    """`sh -c 'gcc ...'` is gcc's step: the shell that waited for it ends after it, under load much later."""
    ninja = log.start(None, "ninja")
    shell = log.start(ninja, "/bin/sh", "-c", "gcc -c a.c")
    gcc = log.start(shell, "gcc", "-c", "a.c", "-o", "a.o")
    log.write(gcc, "a.o")
    log.exit(gcc)
    log.events += [on.Exit(log.now + 500_000_000, shell, 0, 1, 1, 1)]
    log.exit(ninja)
    log.end()
    recording = log.result().recording
    kinds = {one.kind for seen in recording.seen.values() for one in seen.impurities}
    assert recording.plan.steps[0].type == "cc" and "left-running" not in kinds
