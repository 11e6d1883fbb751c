"""QEMU machines: the words of QEMU's line, what is missing, firmware, KVM, and the CPUs in QEMU's text."""

from __future__ import annotations

import itertools
import json
import shutil
import socket
import threading
from pathlib import Path
from typing import Any, cast

import pytest

from portwright.base.errors import BadInput, MissingTool
from portwright.describe.machines.qemu import Drive, Qemu, Share
from portwright.run import firmware, kvm, qemu_command, qemu_cpus
from portwright.run.console import Boot
from portwright.run.qmp import Qmp

MILESTONE = [{"name": "x", "text": "x"}]


def machine(**words: Any) -> Qemu:
    return Qemu.model_validate({"kind": "qemu", "arch": "x86_64", "milestone": MILESTONE, **words})


def line(tmp_path: Path, described: Qemu, **others: Any) -> list[str]:
    boot = Boot("m", described, tmp_path, tmp_path, **others)
    return qemu_command.arguments(boot, described, "tcg")


def after(words: list[str], option: str) -> list[str]:
    return [value for key, value in itertools.pairwise(words) if key == option]


def test_the_words_of_a_whole_machine(tmp_path: Path) -> None:
    for name in ("kernel", "disk.img", "other,disk", "initrd"):
        (tmp_path / name).write_bytes(b"x")
    described = machine(
        machine="q35",
        cpu="max",
        memory="2G",
        smp=2,
        kernel="kernel",
        initrd="initrd",
        append="quiet",
        drives=[
            Drive(image="disk.img", interface="ide"),
            Drive(image="other,disk", format="qcow2", snapshot=False),
            Drive(image="not-there", optional=True),
        ],
        share=Share(folder="."),
        network="user",
        devices=["virtio-rng-pci"],
        arguments=["-rtc", "base=utc"],
    )
    words = line(tmp_path, described)
    assert after(words, "-drive") == [
        f"if=none,id=disk0,file={tmp_path}/disk.img,format=raw,snapshot=on",
        f"if=none,id=disk1,file={tmp_path}/other,,disk,format=qcow2",
    ]
    assert after(words, "-device") == [
        "ide-hd,drive=disk0",
        "virtio-blk-pci,drive=disk1",
        "virtio-9p-pci,fsdev=share0,mount_tag=hostshare",
        "virtio-rng-pci",
    ]
    assert "-no-reboot" in words and after(words, "-smp") == ["2"] and after(words, "-rtc") == ["base=utc"]
    kept = line(tmp_path, described, persist=True, append="loud", images={"": tmp_path / "initrd"})
    assert after(kept, "-append") == ["loud"]
    assert after(kept, "-drive")[0] == f"if=none,id=disk0,file={tmp_path}/initrd,format=raw"
    assert "-no-reboot" not in line(tmp_path, machine(reboots=1))


def test_a_share_of_the_line_and_one_that_need_not_be_there(tmp_path: Path) -> None:
    optional = machine(share=Share(folder="nowhere", optional=True, tag="mine"))
    assert "-fsdev" not in line(tmp_path, optional)
    given = tmp_path / "given"
    given.mkdir()
    for described, tag in ((optional, "mine"), (machine(), "hostshare")):
        words = line(tmp_path, described, share=given)
        assert after(words, "-fsdev") == [f"local,id=share0,security_model=none,path={given}"]
        assert after(words, "-device")[-1].endswith(f"mount_tag={tag}")
    with pytest.raises(BadInput, match="no folder to share"):
        line(tmp_path, optional, share=tmp_path / "not-there")


def test_everything_that_is_missing_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firmware, "PLACES", {})
    monkeypatch.setattr(firmware, "DESCRIPTIONS", ())
    described = machine(
        kernel="none", firmware="uefi", drives=[Drive(image="root")], share=Share(folder="nowhere")
    )
    with pytest.raises(BadInput) as caught:
        line(tmp_path, described, images={"other": tmp_path / "x"})
    codes = [fault.code for fault in caught.value.faults]
    assert sorted(filter(None, codes)) == [
        "boot/firmware",
        "boot/image",
        "boot/image",
        "boot/kernel",
        "boot/share",
    ]
    assert "ovmf" in str(caught.value)


def test_firmware_is_found_by_description(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firmware, "PLACES", {})
    monkeypatch.setattr(firmware, "DESCRIPTIONS", (tmp_path,))
    for name in ("code", "vars"):
        (tmp_path / name).write_bytes(b"x")
    row: dict[str, Any] = {
        "interface-types": ["uefi"],
        "targets": [{"architecture": "x86_64"}],
        "features": ["secure-boot", "enrolled-keys"],
        "mapping": {
            "device": "flash",
            "executable": {"filename": str(tmp_path / "code")},
            "nvram-template": {"filename": str(tmp_path / "vars")},
        },
    }
    (tmp_path / "1.json").write_text(json.dumps(row))
    (tmp_path / "0.json").write_text("{")
    with pytest.raises(MissingTool, match="firmware for x86_64 is not on this machine"):
        firmware.find("x86_64")
    (tmp_path / "2.json").write_text(json.dumps({**row, "features": []}))
    assert firmware.find("x86_64").variables == tmp_path / "vars"
    with pytest.raises(MissingTool):
        firmware.find("riscv64")


def test_kvm_is_believed_only_when_a_guest_ran(fake_tools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kvm.os, "access", lambda *_: True)
    monkeypatch.setattr(kvm.platform, "machine", lambda: "x86_64")
    assert kvm.why_not("aarch64", None, "one") == "this machine's CPU is no aarch64"
    fake_tools("qemu-system-x86_64", "exit 33")
    assert kvm.why_not("x86_64", None, "two") is None
    fake_tools("qemu-system-x86_64", "echo 'warning: no such feature' >&2; exit 33")
    assert "no such feature" in str(kvm.why_not("x86_64", None, "three"))
    fake_tools("qemu-system-x86_64", "exit 1")
    assert "does not run" in str(kvm.why_not("x86_64", None, "four"))


def test_the_tiny_guest_runs_to_its_end_where_it_is_emulated(tmp_path: Path) -> None:
    """The guest by which KVM is judged is right: an emulated CPU runs it as KVM must."""
    for arch, cpu in (("x86_64", "max"), ("aarch64", "cortex-a72")):
        tool = shutil.which(f"qemu-system-{arch}")
        if tool is None:
            pytest.skip(f"qemu: qemu-system-{arch} is not here (portwright setup --all)")
        code, kind, words, wanted = kvm.TRIALS[arch]
        (tmp_path / arch).write_bytes(code)
        common = ["-accel", "tcg", "-nodefaults", "-display", "none", "-no-reboot", "-m", "64M"]
        done = kvm.run(
            [tool, *common, "-machine", kind, "-cpu", cpu, *words, str(tmp_path / arch)], timeout=20
        )
        assert (done.status, done.error_text) == (wanted, "")


X86 = """\r
CPU#0\r
RAX=0000000000000000 RBX=0000000000000000 RSI=0 RDI=0 RBP=0000000000107f90 RSP=0000000000107f80\r
RIP=0000000000101e10 RFL=00000046 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1\r
\r
CPU#1\r
EAX=00000000 EIP=0000fff0 EFL=00000202 [-------] CPL=3 II=0 A20=1 SMM=0 HLT=0\r
"""
ARM = """
CPU#0
 PC=ffff800008015dc8 X00=0000000000000000 X01=ffff80000a0f3c00
X28=0 X29=ffff80000a0f3d90 X30=ffff800008015dc4  SP=ffff80000a0f3d80
PSTATE=600000c5 -ZC- EL1h     FPU disabled
"""


def test_the_cpus_in_qemus_text() -> None:
    one, two = qemu_cpus.parse(X86)
    assert (one.pc, one.sp, one.fp, one.halted, one.interrupts) == (0x101E10, 0x107F80, 0x107F90, True, False)
    assert (two.number, two.pc, two.halted, two.interrupts, two.level) == (1, 0xFFF0, False, True, "3")
    (arm,) = qemu_cpus.parse(ARM)
    assert (arm.pc, arm.sp, arm.fp) == (0xFFFF800008015DC8, 0xFFFF80000A0F3D80, 0xFFFF80000A0F3D90)
    assert (arm.halted, arm.interrupts, arm.level) == (None, False, "EL1")
    assert qemu_cpus.parse("nothing") == []


class Monitor:
    """Stands for QEMU's monitor: a CPU at one place after the other, and then at the last for good."""

    def __init__(self, places: list[int]) -> None:
        self._places = places

    def person(self, line: str) -> str:
        """The registers at the next place; no counts of interrupts, and no memory."""
        if not line.startswith("info registers"):
            return ""
        place = self._places.pop(0) if len(self._places) > 1 else self._places[0]
        return f"CPU#0\nRIP={place:016x} RFL=00000202 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=0\n"

    def ask(self, *_: Any, **__: Any) -> None:
        """It answers nothing else."""


@pytest.mark.parametrize(
    ("places", "state"),
    [
        ([0x1000], "spinning"),
        ([0x1000] * 20 + [0x2000] * 4, "spinning"),
        ([0x1000, 0x2000, 0x3000, 0x4000] * 8, "running"),
        # QEMU got no turn at first, and went on then.
        ([0x1000] * 8 + [0x2000, 0x3000, 0x4000, 0x5000] * 4, "running"),
    ],
)
def test_a_cpu_goes_round_in_one_place_only_if_it_is_seen_there_long_enough(
    places: list[int], state: str, tmp_path: Path
) -> None:
    found = qemu_cpus.sample(cast(Any, Monitor(places)), qemu_cpus.Names(()), tmp_path)
    assert found is not None and found[0] == state


def test_questions_and_events_over_one_socket() -> None:
    ours, theirs = socket.socketpair()
    qmp = Qmp(ours)

    def serve() -> None:
        with theirs:
            file = theirs.makefile("rwb")
            file.write(b'{"QMP": {}}\r\nno json\r\n')
            for row in file:
                asked = json.loads(row)
                file.write(b'{"event": "RESET", "data": {}}\r\n')
                file.write(
                    json.dumps({"return": {"got": asked["execute"]}, "id": asked["id"]}).encode() + b"\r\n"
                )
                file.flush()
                if asked["execute"] == "quit":
                    return

    thread = threading.Thread(target=serve)
    thread.start()
    assert qmp.begin()
    assert qmp.ask("x", some_word=1) == {"got": "x"}
    assert [event["event"] for event in qmp.events()] == ["RESET", "RESET"]
    assert qmp.ask("quit") == {"got": "quit"}
    thread.join()
    assert qmp.ask("y") is None and not qmp.alive
    assert qmp.person("info") == ""
    qmp.close()
