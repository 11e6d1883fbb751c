"""A machine that QEMU makes, started by us, with its console and its monitor on sockets that only we hold."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator, Sequence

from portwright.base.errors import Fault, MissingTool
from portwright.base.processes import Attended, paste, which
from portwright.describe.machines.qemu import Qemu
from portwright.run import kvm, qemu_command, qemu_cpus
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


def start(boot: Boot) -> QemuMachine:
    """Start QEMU; raises `BadInput` or `MissingTool` with what is missing."""
    machine = boot.machine
    assert isinstance(machine, Qemu)
    program = which(f"qemu-system-{machine.arch}")
    if program is None:
        hint = "portwright setup --all (Debian: qemu-system-x86, qemu-system-arm, qemu-system-misc)"
        what = f"`qemu-system-{machine.arch}` is not on this machine"
        raise MissingTool([Fault(what, None, hint, "tool/missing")])
    accelerator, how = _accelerator(machine)
    words = [str(program), *qemu_command.arguments(boot, machine, accelerator)]
    return QemuMachine(boot, machine, words, accelerator, how)


def _accelerator(machine: Qemu) -> tuple[str, str]:
    if machine.accelerator == "tcg":
        return "tcg", "QEMU, emulated as described"
    reason = kvm.why_not(machine.arch)
    if reason is None:
        return "kvm", "QEMU with KVM"
    if machine.accelerator == "kvm":
        hint = 'accelerator = "auto" emulates where there is no KVM'
        raise MissingTool([Fault(f"the machine wants KVM: {reason}", None, hint, "boot/kvm")])
    return "tcg", f"QEMU, emulated: {reason}"


class QemuMachine:
    """A QEMU process. What it is asked goes over its monitor; it is killed only by its own id."""

    def __init__(self, boot: Boot, machine: Qemu, words: Sequence[str], accelerator: str, how: str) -> None:
        self._machine, self._boot = machine, boot
        self._log = boot.scratch / "qemu-log"
        console, theirs = socket.socketpair()
        monitor, their_monitor = socket.socketpair()
        by_hand = [*words, *qemu_command.console(machine.console, "con"), "-chardev", "stdio,id=con,mux=on"]
        argv = [
            *words,
            *("-chardev", f"socket,id=con,fd={theirs.fileno()}"),
            *qemu_command.console(machine.console, "con"),
            *("-chardev", f"socket,id=mon,fd={their_monitor.fileno()}", "-mon", "chardev=mon,mode=control"),
            *("-d", "cpu_reset", "-D", str(self._log)),
        ]
        with theirs, their_monitor:
            fds = (theirs.fileno(), their_monitor.fileno())
            self._process = Attended(argv, boot.scratch / "qemu-words", pass_fds=fds)
        self._began = time.monotonic()
        console.setblocking(False)
        self._console = console
        self._console_open = True
        self._qmp = Qmp(monitor)
        self._shutdown: str | None = None
        self._ended = False
        slowness = machine.slowness * (machine.emulation_slowness if accelerator == "tcg" else 1.0)
        self.started = MachineStarted(0.0, machine.kind, how, slowness, paste(by_hand))
        self._greeted = self._qmp.begin()
        self._names = qemu_cpus.Names(boot.symbols)

    @property
    def pid(self) -> int:
        """QEMU's process."""
        return self._process.process.pid

    def files(self) -> Sequence[int]:
        """The console, the monitor and the process."""
        found = [self._process.handle] if self._process.handle >= 0 else []
        if self._console_open:
            found.append(self._console.fileno())
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
        if self._process.status() is not None:
            yield from self._read(LAST_READS)
            for event in self._qmp.events() if self._qmp.alive else ():
                yield from self._told(event)
            self._ended = True
            yield self._end()

    def _read(self, times: int) -> Iterator[MachineEvent]:
        for _ in range(times):
            if not self._console_open:
                return
            try:
                data = self._console.recv(READ_AT_ONCE)
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
        if status < 0 or self._shutdown == "host-signal":
            return MachineEnded(at, "killed", status, words)
        if self._shutdown == "guest-reset":
            log = self._log_text()
            if "Triple fault" in log:
                return MachineEnded(at, "triple-fault", status, words, self._fallen(log))
            return MachineEnded(at, "reset", status, words)
        if self._shutdown == "guest-shutdown":
            return MachineEnded(at, "powered-off", status, words)
        return MachineEnded(at, "exited", status, words)

    def _log_text(self) -> str:
        with contextlib.suppress(OSError):
            return self._log.read_text(errors="replace")
        return ""

    def _fallen(self, log: str) -> Cpu | None:
        """The CPU as it was at the triple fault: QEMU writes its registers just after saying so."""
        cpus = qemu_cpus.parse(log[log.rindex("Triple fault") :])
        if not cpus:
            return None
        return Cpu(cpus[0].number, (cpus[0].pc,), backtrace=(self._names.frame(cpus[0].pc),))

    def type(self, data: bytes) -> int:
        """Type at the console."""
        try:
            return self._console.send(data[:1024])
        except OSError:
            return 0 if self._console_open else len(data)

    def sample(self) -> CpusSampled:
        """Look at the CPUs a few times."""
        if self._qmp.alive and self._process.status() is None:
            sampled = qemu_cpus.sample(self._qmp, self._names, self._boot.scratch)
            if sampled is not None:
                return CpusSampled(self._at(), *sampled)
        return unknown(self._at(), "QEMU's monitor does not answer")

    def close(self) -> None:
        """End QEMU: asked over its monitor, else by its process's id."""
        if self._process.handle < 0:
            return
        if self._qmp.alive and self._process.status() is None:
            self._qmp.ask("quit", 1.0)
        self._process.close(patience=1.0)
        self._qmp.close()
        self._console.close()

    def _at(self) -> float:
        return time.monotonic() - self._began
