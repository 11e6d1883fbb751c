"""Children by handle: reaped always, signalled never after, and images without anything of ours."""

from __future__ import annotations

import gc
import os
import signal
import struct
from pathlib import Path

import pytest

from portwright.base.children import Child, ended_by, start_image

EXIT_7 = bytes.fromhex("bf07000000 b83c000000 0f05")  # exit(7)
PAUSE = bytes.fromhex("b822000000 0f05 ebf7")  # for (;;) pause()


def image(code: bytes) -> bytes:
    base = 0x40_0000
    ident = b"\x7fELF\2\1\1" + bytes(9)
    head = struct.pack("<16sHHIQQQIHHHHHH", ident, 2, 62, 1, base + 120, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    size = 120 + len(code)
    return head + struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x1000) + code


if os.uname().machine != "x86_64":
    pytest.skip("children: the images here are for x86-64 hosts", allow_module_level=True)


def test_an_image_runs_without_streams_environment_or_our_session() -> None:
    child = start_image(image(PAUSE), "pause")
    assert "memfd:pause" in str(Path(f"/proc/{child.pid}/exe").readlink())
    files = {path.name for path in Path(f"/proc/{child.pid}/fd").iterdir()}
    assert files.isdisjoint({"0", "1", "2"})
    assert Path(f"/proc/{child.pid}/environ").read_bytes() == b""
    assert os.getsid(child.pid) == child.pid
    child.end()
    assert not Path(f"/proc/{child.pid}").exists() and not child.alive
    child.end()
    child.signal(signal.SIGKILL)  # to nobody


def test_wait_gives_the_status_and_reaps() -> None:
    child = start_image(image(EXIT_7), "seven")
    assert ended_by(child.wait()) == "exited with status 7"
    assert not child.alive
    with pytest.raises(ChildProcessError):
        os.waitpid(child.pid, 0)


def test_a_signal_ends_it_and_says_which() -> None:
    child = start_image(image(PAUSE), "pause")
    child.signal(signal.SIGTERM)
    assert ended_by(child.wait()) == "ended by SIGTERM"


def test_a_forgotten_child_is_ended_and_reaped() -> None:
    pid = start_image(image(PAUSE), "pause").pid
    gc.collect()
    assert not Path(f"/proc/{pid}").exists()


def test_a_program_that_cannot_start_leaves_nothing() -> None:
    files = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(OSError):
        start_image(b"\x7fELF but no more", "broken")
    assert len(list(Path("/proc/self/fd").iterdir())) == files


def test_a_child_of_another_kind_can_be_held_too() -> None:
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 3"], {})
    child = Child(pid)
    assert ended_by(child.wait()) == "exited with status 3"
