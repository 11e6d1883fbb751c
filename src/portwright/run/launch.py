"""Starts a program of this machine under limits that hold from its first instruction, stopped before it if asked.

A fresh Python sets the limits and becomes the program: what a thread may do between fork and exec is too little.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from portwright.base import processes
from portwright.base.errors import Where, fail
from portwright.run.limits import Limits

# The environment is taken from where the kernel put it: Python may have added to its own copy.
LAUNCHER = """
import os, resource, signal, sys
told, stop, path, limits, *argv = sys.argv[1:]
for kind, most, end in (map(int, row.split(":")) for row in limits.split(",")):
    hard = resource.getrlimit(kind)[1]
    known = hard != resource.RLIM_INFINITY
    resource.setrlimit(kind, (min(most, hard) if known else most, min(end, hard) if known else end))
os.set_inheritable(int(told), False)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
with open("/proc/self/environ", "rb") as file:
    words = [word.split(b"=", 1) for word in file.read().split(b"\\0") if b"=" in word]
if int(stop):
    os.kill(os.getpid(), signal.SIGSTOP)
try:
    os.execve(path, argv, dict(words))
except OSError as error:
    os.write(int(told), str(error.errno).encode())
"""


class Launched:
    """A program that is about to begin; `begun` waits until it has, and says where it could not."""

    def __init__(self, process: processes.Started, told: int, path: Path) -> None:
        self.process = process
        self._told = told
        self._path = path

    def begun(self) -> None:
        """Wait until the program itself runs; raises `BadInput` where the kernel does not take it."""
        with os.fdopen(self._told, "rb") as told:
            number = told.read()
        if number:
            processes.stop(self.process)
            what = f"this machine does not run the program: {os.strerror(int(number))}"
            raise fail(what, Where(self._path), "is it a static program for this CPU?", "run/exec")


def launch(
    path: Path,
    argv: Sequence[str],
    limits: Limits,
    *,
    cwd: Path,
    env: Mapping[str, str],
    streams: tuple[int | IO[bytes] | None, int | IO[bytes] | None, int | IO[bytes] | None],
    memory: bool = True,
    stopped: bool = False,
    own_group: bool = True,
) -> Launched:
    """Start the executable `path` with the words `argv`. `memory`: limit its address space too.

    `stopped`: it stops itself (SIGSTOP) before the program begins, for whoever wants to trace it.
    """
    rows = [(resource.RLIMIT_CORE, 0, 0), (resource.RLIMIT_NOFILE, limits.files, limits.files)]
    rows += [(resource.RLIMIT_AS, limits.memory, limits.memory)] if memory else []
    if limits.cpu_seconds is not None:
        seconds = max(1, int(limits.cpu_seconds))
        rows.append((resource.RLIMIT_CPU, seconds, seconds + 1))  # SIGXCPU, and a second later SIGKILL
    words = ",".join(":".join(map(str, row)) for row in rows)
    reading, writing = os.pipe()
    try:
        process = processes.start(
            [
                sys.executable,
                "-I",
                "-S",
                "-c",
                LAUNCHER,
                str(writing),
                str(int(stopped)),
                str(path),
                words,
                *argv,
            ],
            cwd=cwd,
            env=env,
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
            pass_fds=(writing,),
            own_group=own_group,
        )
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    return Launched(process, reading, path)
