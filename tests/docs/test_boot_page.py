"""docs/boot.md: its commands are taken, its tables are read, and its transcript is judged."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bare_metal
from portwright.describe import port as ports
from portwright.judge.verdict import OUTCOMES

GOOD = """KERNEL_ENTRY
[BOOTSTRAP] Stage 1: a
[BOOTSTRAP] Stage 2: b
[BOOTSTRAP] Stage 3: c
[BOOTSTRAP] Stage 4: d
[INIT] Results: 29/29 passed
BOOTOK
[BOOTSTRAP] Scheduler activated
[BOOTSTRAP] Stage 6: e
[KERNEL] Boot sequence complete!
BOOTOK
root@veridian:/# """


@pytest.fixture(scope="module")
def page(repo: Path) -> str:
    return (repo / "docs" / "boot.md").read_text()


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.M | re.S)


def test_its_tables_are_read(page: str, tmp_path: Path) -> None:
    machine, failures = blocks(page, "toml")
    port = ports.load(str(bare_metal.port(tmp_path, "\n" + machine, failures)))
    assert [row.name for row in port.machines["board"].milestone] == ["kernel", "tests", "prompt"]
    assert port.failures[0].name == "no-memory-map"


def test_its_commands_are_taken(page: str, tmp_path: Path, portwright: Callable[..., Any]) -> None:
    commands = blocks(page, "sh")[0].splitlines()
    (tmp_path / "console.log").write_text(GOOD)
    for line in commands:
        done = portwright(*shlex.split(line)[1:], cwd=tmp_path)
        missing = "no such file" in done.stderr
        assert done.returncode == (2 if missing else 0), (line, done.stdout, done.stderr)
        assert missing == ("--transcript" not in line), "the images are the reader's"
    assert "11 milestones" in done.stdout
    assert "not-run  rustc runs: needs an image with rustc" in done.stdout


def test_every_verdict_of_a_boot_is_told(page: str) -> None:
    told = set(re.findall(r"^\| `([a-z-]+)` \|", page, re.M))
    assert told <= set(OUTCOMES)
    assert {"panicked", "crashed", "silent", "no-boot-target", "flood", "flaky", "never-reported"} <= told


def test_an_unconditional_marker_does_not_make_a_good_boot(
    tmp_path: Path, portwright: Callable[..., Any]
) -> None:
    log = tmp_path / "log"
    for bad, words in (
        (GOOD.replace("29/29", "28/29"), "passed is 28, expected 29"),
        (GOOD.replace("passed\nBOOTOK", "passed\nBOOTFAIL"), "`BOOTFAIL`"),
        (GOOD.replace("passed\nBOOTOK", "passed"), "waiting for `scheduler`, although `user space`"),
    ):
        log.write_text(bad)
        done = portwright("boot", "x86_64-unknown-veridian", "--transcript", log)
        assert (done.returncode, words in done.stdout) == (1, True), done.stdout
