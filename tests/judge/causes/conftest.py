"""The same crate built in many ways, once for all tests of causes."""

from __future__ import annotations

from pathlib import Path

import pytest

from judge.fixpoint_builds import LIBRARY, PROGRAM, rustc
from portwright.describe.toolchain import Toolchain


class Builds:
    """Makes each build when it is first asked for."""

    def __init__(self, compiler: Path, folder: Path) -> None:
        self._compiler, self._folder = compiler, folder
        self._made: dict[tuple[str, ...], Path] = {}

    def program(self, place: str, *words: str, text: str = PROGRAM) -> Path:
        """A linked program whose source lies in a folder of that name."""
        return self._build("prog", place, text, *words)

    def library(self, place: str, *words: str) -> Path:
        """An rlib."""
        return self._build("libcrate.rlib", place, LIBRARY, "--crate-type", "rlib", *words)

    def _build(self, name: str, place: str, text: str, *words: str) -> Path:
        key = (name, place, text, *words)
        if key not in self._made:
            folder = self._folder / place
            folder.mkdir(parents=True, exist_ok=True)
            source = folder / f"{name.partition('.')[0]}.rs"
            source.write_text(text)
            out = self._folder / "out" / str(len(self._made)) / name
            given = [word.replace("FOLDER", str(folder)) for word in words]
            self._made[key] = rustc(self._compiler, source, out, *given)
        return self._made[key]


@pytest.fixture(scope="session")
def builds(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Builds:
    """The builds that the tests share."""
    return Builds(toolchain.rustc, tmp_path_factory.mktemp("builds"))
