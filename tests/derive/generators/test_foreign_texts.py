"""generators/dist_texts, random_backend, libc_module: the same in, the same out, and nothing of this machine.

What the texts do when they are used is tested in tests/build/test_dist.py and tests/derive/crates/test_crates.py.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from portwright.derive.generators import dist_texts, libc_module, random_backend
from portwright.derive.generators.dist_texts import TOOLS, Dist
from portwright.describe import port as ports
from portwright.describe.toolchain import Toolchain

NAME = "x86_64-unknown-veridian"


def dist() -> Dist:
    """A toolchain that lies somewhere."""
    found = Toolchain(
        finder="placeholder",
        origin="Debian rustc-web 1.96.0, somewhere",
        rustc=Path("/secret/bin/rustc"),
        cargo=Path("/secret/bin/cargo"),
        version="1.96.0",
        commit="c0ffee",
        llvm_version="22.1",
        host="x86_64-unknown-linux-gnu",
        sysroot=Path("/secret"),
        source=Path("/secret/src"),
        vendor=None,
        lld=Path("/secret/ld.lld"),
        release="rustc 1.96.0 (c0ffee 2026-05-25)",
    )
    return Dist(ports.load(NAME), found, found.release, "gnu-lld", {"sysroot": "abc", "target": NAME})


def test_a_toolchains_texts_name_no_folder_of_this_machine() -> None:
    """dist_texts: tools, README and stamp."""
    texts = dist_texts.texts(dist())
    assert {f"bin/{tool}" for tool in TOOLS} <= set(texts) and texts == dist_texts.texts(dist())
    assert not [path for path, text in texts.items() if "/secret" in text]
    assert json.loads(texts["lib/portwright/stamp.json"])["sysroot"] == "abc"
    assert "rustc 1.96.0 (c0ffee 2026-05-25)" in texts["README.md"]


@pytest.mark.parametrize("path", [*(f"bin/{tool}" for tool in TOOLS), "lib/portwright/find-rust.sh"])
def test_the_tools_are_right_shell(path: str, tmp_path: Path) -> None:
    """As a strict POSIX shell reads them."""
    (tmp_path / "script").write_text(dist_texts.texts(dist())[path])
    assert subprocess.run(["sh", "-n", tmp_path / "script"], capture_output=True).returncode == 0


def test_texts_from_a_ledger_are_the_same_each_time() -> None:
    """random_backend and libc_module depend on the ledger alone."""
    for generate in (libc_module.generate, lambda port: random_backend.generate(port, "0.4")):
        first, second = (generate(ports.load(NAME)) for _ in range(2))
        assert first == second and NAME.split("-")[2] in first
