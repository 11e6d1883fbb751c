"""A package source of Debian's kind on this disk, and a machine that has little installed."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from portwright.base.events import Event
from portwright.build import apt


def drain(work: Generator[Event, None, Any]) -> tuple[list[Event], Any]:
    """The events of a piece of work, and what it returns."""
    events = []
    while True:
        try:
            events.append(next(work))
        except StopIteration as end:
            return events, end.value


class Pool:
    """A package source on disk, and a machine that has only libc6 and an old libllvm22 installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.status = folder / "status"
        self.status.write_text(
            "Package: libc6\nStatus: install ok installed\nVersion: 2.36\nArchitecture: amd64\n"
            "Maintainer: x <x>\nDescription: x\n\n"
            "Package: libllvm22\nStatus: install ok installed\nSource: llvm-toolchain-22\nVersion: 1:22.0\n"
            "Architecture: amd64\nDepends: libc6\nMaintainer: x <x>\nDescription: x\n\n"
            "Package: needs-llvm\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"
            "Depends: libllvm22 (= 1:22.0)\nMaintainer: x <x>\nDescription: x\n"
        )
        (folder / "pool").mkdir()
        self.index = ""

    def add(
        self, name: str, version: str, files: dict[str, str], *, depends: str = "", source: str = ""
    ) -> None:
        root = self.folder / "make" / f"{name}-{version}"
        (root / "DEBIAN").mkdir(parents=True)
        control = f"Package: {name}\nVersion: {version}\nArchitecture: amd64\nMaintainer: x <x>\n"
        control += f"Depends: {depends}\n" * bool(depends) + f"Source: {source}\n" * bool(source)
        (root / "DEBIAN" / "control").write_text(control + "Description: x\n")
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
            (root / path).chmod(0o755)
        deb = self.folder / "pool" / f"{name}_{version.split(':')[-1]}_amd64.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "-b", root, deb], check=True, capture_output=True)
        digest = hashlib.sha256(deb.read_bytes()).hexdigest()
        self.index += f"{control}Filename: ./{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {digest}\n"
        self.index += "Description: x\n\n"

    def configure(self, monkeypatch: pytest.MonkeyPatch) -> None:
        (self.folder / "pool" / "Packages").write_text(self.index)
        (self.folder / "sources.list").write_text(f"deb [trusted=yes] file:{self.folder}/pool ./\n")
        (self.folder / "parts").mkdir(exist_ok=True)
        config = self.folder / "apt.conf"
        config.write_text(
            f'Dir::Etc::sourcelist "{self.folder}/sources.list";\nDir::Etc::sourceparts "{self.folder}/parts";\n'
            'APT::Architecture "amd64";\nAPT::Architectures { "amd64"; };\nAcquire::Languages "none";\n'
        )
        monkeypatch.setenv("APT_CONFIG", str(config))
        monkeypatch.setattr(apt, "STATUS", self.status)
