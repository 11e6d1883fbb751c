"""A machine that QEMU makes, started by us; its console is a pair of pipes, its monitor a socket that only we hold.

Not a socket for the console too: a serial port writes byte by byte, and a socket's buffer is full after 300 such.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from portwright.base.errors import BadInput, Fault, MissingTool
from portwright.base.processes import Attended, paste, which
from portwright.describe.machines.qemu import Qemu
from portwright.run import firmware, kvm, qemu_command, qemu_cpus
from portwright.run.console import READ_AT_ONCE, Boot, unknown
from portwright.run.events import (
    ConsoleOutput,
    Cpu,
    CpusSampled,
    MachineEnded,
    MachineEvent,
    MachineReset,
    MachineStarted,
)
from portwright.run.qmp import Qmp

LAST_READS = 64
DRAIN_SECONDS = 0.05
PIPE_SIZE = 1 << 20
MOST_BUSY = 20.0
X86 = ("x86_64", "i386")


def start(boot: Boot) -> QemuMachine:
    """Start QEMU; raises `BadInput` or `MissingTool` with what is missing."""
    machine = boot.machine
    assert isinstance(machine, Qemu)
    program = which(f"qemu-system-{machine.arch}")
    if program is None:
        hint = "portwright setup --all (Debian: qemu-system-x86, qemu-system-arm, qemu-system-misc)"
        what = f"`qemu-system-{machine.arch}` is not on this machine"
        missing = Fault(what, None, hint, "tool/missing")
        try:
            qemu_command.arguments(boot, machine, "tcg")
        except BadInput as error:
            raise BadInput([missing, *error.faults]) from None
        raise MissingTool([missing])
    accelerator, how = _accelerator(machine)
    words = [str(program), *qemu_command.arguments(boot, machine, accelerator)]
    return QemuMachine(boot, machine, words, accelerator, how)


def _accelerator(machine: Qemu) -> tuple[str, str]:
    if machine.accelerator == "tcg":
        return "tcg", "QEMU, emulated as described"
    reason = kvm.why_not(machine.arch, machine.machine, machine.cpu or "host")
    if reason is None:
        return "kvm", "QEMU with KVM"
    if machine.accelerator == "kvm":
        hint = 'accelerator = "auto" emulates where there is no KVM'
        raise MissingTool([Fault(f"the machine wants KVM: {reason}", None, hint, "boot/kvm")])
    return "tcg", f"QEMU, emulated: {reason}"


def _pipes(path: Path) -> tuple[int, int]:
    """QEMU's `pipe` device at a path: what to read its console from, and what to type into."""
    for end in ("in", "out"):
        os.mkfifo(f"{path}.{end}", 0o600)
    console = os.open(f"{path}.out", os.O_RDONLY | os.O_NONBLOCK)
    with contextlib.suppress(OSError):
        fcntl.fcntl(console, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    return console, os.open(f"{path}.in", os.O_RDWR | os.O_NONBLOCK)


def _lasting(boot: Boot, machine: Qemu, words: Sequence[str]) -> list[str]:
    """The words without what goes with this run: the firmware's variables begin as the installed file again."""
    own = str(boot.scratch / qemu_command.VARIABLES)
    if not any(own in word for word in words):
        return list(words)
    installed = firmware.find(machine.arch).variables
    return [word.replace(own, f"{installed},snapshot=on") for word in words]


def _busy() -> float:
    """By how much a machine is slower here because others want the processors too; deadlines are longer then."""
    return min(MOST_BUSY, max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))


class QemuMachine:
    """A QEMU process. What it is asked goes over its monitor; it is killed only by its own id."""

    def __init__(self, boot: Boot, machine: Qemu, words: Sequence[str], accelerator: str, how: str) -> None:
        self._machine, self._boot = machine, boot
        self._log = boot.scratch / "qemu-log"
        pipe = boot.scratch / "console"
        self._console, self._keyboard = _pipes(pipe)
        monitor, theirs = socket.socketpair()
        by_hand = [
            *_lasting(boot, machine, words),
            *qemu_command.console(machine.console, "con"),
            "-chardev",
            "stdio,id=con,mux=on",
        ]
        argv = [
            *words,
            *("-chardev", f"pipe,id=con,path={str(pipe).replace(',', ',,')}"),
            *qemu_command.console(machine.console, "con"),
            *("-chardev", f"socket,id=mon,fd={theirs.fileno()}", "-mon", "chardev=mon,mode=control"),
            # A machine that goes down stands still, so that its CPUs can be asked where they were.
            "-no-shutdown",
            # Triple faults are x86's own, and some other CPUs cannot be shown while they are reset: QEMU dies of it.
            *(("-d", "cpu_reset", "-D", str(self._log)) if machine.arch in X86 else ()),
        ]
        try:
            with theirs:
                words_file = boot.scratch / "qemu-words"
                self._process = Attended(argv, words_file, pass_fds=(theirs.fileno(),))
        except BaseException:
            monitor.close()
            os.close(self._console)
            os.close(self._keyboard)
            raise
        self._began = time.monotonic()
        self._console_open = True
        self._qmp = Qmp(monitor)
        self._shutdown: str | None = None
        self._ended = False
        slowness = machine.slowness * (machine.emulation_slowness if accelerator == "tcg" else 1.0) * _busy()
        self._greeted = self._qmp.begin()
        self.started = MachineStarted(self._at(), machine.kind, how, slowness, paste(by_hand))
        self._names = qemu_cpus.Names(boot.symbols)

    @property
    def pid(self) -> int:
        """QEMU's process."""
        return self._process.process.pid

    def files(self) -> Sequence[int]:
        """The console, the monitor and the process."""
        found = [self._process.handle] if self._process.handle >= 0 else []
        if self._console_open:
            found.append(self._console)
        if self._qmp.alive:
            found.append(self._qmp.fileno())
        return found

    def take(self) -> Iterator[MachineEvent]:
        """What came from QEMU; its end after the last of the console."""
        if self._ended:
            return
        yield from self._read(1)
        for event in self._qmp.events() if self._qmp.alive else ():
            yield from self._told(event)
        ended = self._process.status() is not None
        if ended or (self._shutdown or "").startswith("guest-"):
            yield from self._drain()
            for event in self._qmp.events() if self._qmp.alive else ():
                yield from self._told(event)
            self._ended = True
            yield self._end()

    def _drain(self) -> Iterator[MachineEvent]:
        """The last of the console: QEMU may still hand some over."""
        until = time.monotonic() + DRAIN_SECONDS
        while self._console_open and time.monotonic() < until:
            yield from self._read(LAST_READS)
            time.sleep(DRAIN_SECONDS / 5)

    def _read(self, times: int) -> Iterator[MachineEvent]:
        for _ in range(times):
            if not self._console_open:
                return
            try:
                data = os.read(self._console, READ_AT_ONCE)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._console_open = False
                return
            yield ConsoleOutput(self._at(), data)

    def _told(self, event: dict[str, object]) -> Iterator[MachineEvent]:
        data = event.get("data")
        reason = str(data.get("reason", "")) if isinstance(data, dict) else ""
        by_guest = isinstance(data, dict) and bool(data.get("guest"))
        if event["event"] == "SHUTDOWN":
            self._shutdown = reason
        elif event["event"] == "RESET":
            yield MachineReset(self._at(), reason, by_guest)

    def _end(self) -> MachineEnded:
        status, words = self._process.status() or 0, self._process.words()
        at = self._at()
        if not self._greeted:
            return MachineEnded(at, "not-started", status, words)
        if self._shutdown == "guest-reset":
            how: Literal["reset", "triple-fault"] = "triple-fault" if self._triple_fault() else "reset"
            return MachineEnded(at, how, None, words, self._fallen())
        if self._shutdown == "guest-shutdown":
            return MachineEnded(at, "powered-off", None, words)
        if status < 0 or self._shutdown == "host-signal":
            return MachineEnded(at, "killed", status, words)
        return MachineEnded(at, "exited", status, words)

    def _triple_fault(self) -> bool:
        with contextlib.suppress(OSError):
            return "Triple fault" in self._log.read_text(errors="replace")
        return False

    def _fallen(self) -> Cpu | None:
        """The CPU that went down: QEMU keeps it as it was."""
        found = (
            qemu_cpus.sample(self._qmp, self._names, self._boot.scratch, looks=1) if self._qmp.alive else None
        )
        return found[1][0] if found and found[1] else None

    def type(self, data: bytes) -> int:
        """Type at the console."""
        try:
            return os.write(self._keyboard, data[:1024])
        except OSError:
            return 0 if self._console_open else len(data)

    def sample(self, glance: bool) -> CpusSampled | None:
        """Look at the CPUs a few times; at a glance only whether they are dead.

        A guest that asks for its power to go off often halts behind that for good, and QEMU comes to it later.
        """
        began = self._at()  # what comes while we look is not late
        if self._qmp.alive and self._process.status() is None:
            looks = qemu_cpus.GLANCES if glance else qemu_cpus.SAMPLES
            sampled = qemu_cpus.sample(self._qmp, self._names, self._boot.scratch, looks)
            ending = (self._shutdown or "").startswith("guest-") or self._qmp.expects("SHUTDOWN")
            if ending or self._process.status() is not None:
                return None
            if sampled is not None:
                return CpusSampled(began, *sampled)
        return unknown(began, "QEMU's monitor does not answer")

    def close(self) -> None:
        """End QEMU: asked over its monitor, else by its process's id."""
        if self._process.handle < 0:
            return
        if self._qmp.alive and self._process.status() is None:
            self._qmp.ask("quit", 1.0)
        self._process.close(patience=1.0)
        self._qmp.close()
        os.close(self._console)
        os.close(self._keyboard)

    def _at(self) -> float:
        return time.monotonic() - self._began
