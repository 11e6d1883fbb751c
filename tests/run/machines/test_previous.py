"""A NeXT computer by Previous: what is missing is named with its place, and its configuration says what the port says."""

from __future__ import annotations

import configparser
import os
from pathlib import Path
from typing import Any

import pytest

from portwright.base.errors import BadInput, MissingTool
from portwright.describe import port as ports
from portwright.describe.machines.previous import Previous
from portwright.run import console, owned
from portwright.run.console import Boot
from portwright.run.events import ConsoleOutput, MachineEnded
from portwright.run.session import Session
from portwright.run.transcript_file import Recorder

DRIVES = [{"image": "system"}, {"image": "programs", "bus": "floppy", "optional": True}]


def machine(**others: Any) -> Previous:
    return Previous.model_validate(
        {"kind": "previous", "rom": "rom.bin", "power_off": True, "drives": DRIVES, **others}
    )


def boot(folder: Path, described: Previous, **others: Any) -> Boot:
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return Boot("m", described, folder, scratch, own=folder / "own", **others)


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that shows the configuration which it was given, and what of its disks it may write to."""
    path = tmp_path / "bin" / "previous"
    path.parent.mkdir()
    path.write_text(
        '#!/bin/sh\ncat "$HOME/.previous/previous.cfg"\necho changed > "$HOME/../disk-0-system"\n'
    )
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")
    return path


def own(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / "own" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)


def shown(
    tmp_path: Path, described: Previous, **others: Any
) -> tuple[configparser.ConfigParser, MachineEnded]:
    session = Session(console.start(boot(tmp_path, described, **others)), Recorder(tmp_path / "record"))
    data = b""
    try:
        for event in session.events():
            data += event.data if isinstance(event, ConsoleOutput) else b""
            if isinstance(event, MachineEnded):
                found = configparser.ConfigParser()
                found.read_string(data.decode())
                return found, event
    finally:
        session.close()
    raise AssertionError


def test_everything_that_is_missing_is_named_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, emulator: Path
) -> None:
    with pytest.raises(BadInput) as caught:
        console.start(boot(tmp_path, machine(program="no-such-emulator")))
    said = [(fault.what, str(fault.where or "")) for fault in caught.value.faults]
    assert said == [
        ("`no-such-emulator` is not on this machine", ""),
        ("there is no ROM of the computer", str(tmp_path / "own" / "rom.bin")),
        ("there is no disk with the system", str(tmp_path / "own" / "system")),
    ]
    assert "--image system=FILE" in (caught.value.faults[2].hint or "")
    own(tmp_path, "rom.bin", "system")
    with pytest.raises(MissingTool):
        console.start(boot(tmp_path, machine(program="no-such-emulator")))


def test_its_configuration(tmp_path: Path, emulator: Path) -> None:
    own(tmp_path, "rom.bin", "system")
    floppy = tmp_path / "programs.img"
    floppy.write_text("a floppy")
    found, end = shown(tmp_path, machine(), images={"programs": floppy})
    assert end.how == "powered-off"
    assert found["ROM"]["szRom040FileName"] == str(tmp_path / "own" / "rom.bin")
    disk = Path(found["HardDisk"]["szImageName0"])
    assert (disk.parent, found["HardDisk"]["nDeviceType0"]) == (tmp_path / "scratch", "1")
    assert Path(found["Floppy"]["szImageName0"]).read_text() == "a floppy"
    assert found["Floppy"]["bDriveConnected0"] == "TRUE" == found["Floppy"]["bDiskInserted0"]
    assert found["ConfigDialog"]["bShowConfigDialogAtStartup"] == "FALSE"
    assert (found["System"]["nMachineType"], found["System"]["bColor"]) == ("1", "FALSE")
    assert (tmp_path / "own" / "system").read_text() == "system", "what was written was to be dropped"


def test_what_shall_stay_is_written_to_the_owners_own_disk(tmp_path: Path, emulator: Path) -> None:
    own(tmp_path, "rom.bin", "system")
    described = machine(model="station-color", drives=[{"image": "system"}, {"image": "x", "bus": "cd"}])
    disc = tmp_path / "disc.iso"
    disc.write_text("")
    found, _ = shown(tmp_path, described, images={"x": disc}, persist=True)
    assert found["HardDisk"]["szImageName0"] == str(tmp_path / "own" / "system")
    assert found["HardDisk"]["nDeviceType1"] == "2" and found["HardDisk"]["bWriteProtected1"] == "TRUE"
    assert found["System"]["bColor"] == "TRUE" and "szImageName0" not in found["Floppy"]


def test_the_bundled_port_names_the_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTWRIGHT_CACHE", str(tmp_path))
    port = ports.load("m68k-next-nextstep")
    folder = owned.folder(port.target)
    assert folder == tmp_path / "state" / "machines" / port.target
    for name, described in port.machines.items():
        made = Boot(name, described, port.folder, tmp_path, own=folder)
        with pytest.raises(BadInput) as caught:
            console.start(made)
        assert all(str(folder / each) in str(caught.value) for each in ("rom.bin", "nextstep.img")), name
