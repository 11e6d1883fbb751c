"""The view of `setup`: what was done, and with which Rust portwright will work."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from portwright.cli.views import setup
from portwright.describe.toolchain import Toolchain
from portwright.jobs.setup import Part, Result


def test_the_version_and_the_pool_are_said() -> None:
    found = Toolchain(
        finder="debian",
        origin="x",
        rustc=Path("/usr/bin/rustc"),
        cargo=Path("/usr/bin/cargo"),
        version="1.96.0",
        commit="ab" * 20,
        llvm_version="22.1.8",
        host="x86_64-unknown-linux-gnu",
        sysroot=Path("/usr"),
        source=None,
        vendor=None,
        lld=None,
    )
    parts = (
        Part("rust", "installed", "Debian rustc-web 1.96.0-1 from security/main"),
        Part("lld", "installed", "lld-22"),
    )
    console = Console(file=io.StringIO(), width=200)
    setup.view(Result(found, parts), console)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "rust: installed (Debian rustc-web 1.96.0-1 from security/main)",
        "lld: installed (lld-22)",
        "portwright uses Rust 1.96.0 (LLVM 22.1.8) at /usr/bin/rustc",
    ]
