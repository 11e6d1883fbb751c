"""A build as rustc's own bootstrap makes it: cargo's rustc learns from its environment which one is the real one."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from portwright.base.processes import which
from portwright.describe.toolchain import Toolchain

SHIM = """#!/bin/sh
[ "$1" = -vV ] || : "${RUSTC_LINK_STD_INTO_RUSTC_DRIVER:?as rustc 1.96's bootstrap wants it}"
exec "${RUSTC_SNAPSHOT:?which one}" --sysroot "${RUSTC_SYSROOT:?where}" "$@"
"""


def package(folder: Path, main: str) -> tuple[Path, Path]:
    """(a package with such a program, the place for what stands before rustc)."""
    source = folder / "src"
    shim = source / "bootstrap" / "rustc"
    for made in (source / "src", shim.parent):
        made.mkdir(parents=True)
    (source / "Cargo.toml").write_text('[package]\nname = "shown"\nversion = "0.1.0"\nedition = "2021"\n')
    (source / "src" / "main.rs").write_text(main)
    return source, shim


def environment(toolchain: Toolchain, folder: Path) -> dict[str, str]:
    """What such a build is told."""
    return {
        **toolchain.environment,
        "RUSTC": str(toolchain.rustc),
        "RUSTC_SNAPSHOT": str(toolchain.rustc),
        "RUSTC_SYSROOT": str(toolchain.sysroot),
        "CARGO_HOME": str(folder / "cargo-home"),
        "PATH": os.pathsep.join([str(toolchain.cargo.parent), os.environ["PATH"]]),
    }


def test_a_rustc_before_the_real_one(
    tmp_path: Path, toolchain: Toolchain, fresh_cache: Path, portwright: Callable[..., Any]
) -> None:
    source, shim = package(tmp_path, 'fn main() { println!("shown"); }\n')
    shim.write_text(SHIM)
    shim.chmod(0o755)
    env = environment(toolchain, tmp_path) | {"RUSTC": str(shim), "RUSTC_LINK_STD_INTO_RUSTC_DRIVER": "0"}
    assert which("cc") is not None
    recording = tmp_path / "r.json"
    # Called from another folder, by a script in the source's own, as rustc's x.py is.
    (source / "x.sh").write_text('#!/bin/sh\ncd "$(dirname "$0")" && cargo build -q --target-dir "$OLDPWD"\n')
    out = tmp_path / "out"
    out.mkdir()
    folders = ("--source", source, "--out", out)
    made = portwright("record", "-o", recording, *folders, "--", "sh", "../src/x.sh", cwd=out, env=env)
    assert made.returncode == 0, made.stderr
    steps = {step["name"]: step for step in json.loads(recording.read_text())["plan"]["steps"]}
    (rustc,) = (step for step in steps.values() if step.get("type") == "rustc")
    assert not any("incremental" in word for word in rustc["argv"])
    assert "RUSTC_SNAPSHOT" in rustc["env"] and "RUSTC_SYSROOT" in rustc["env"]
    again = portwright("replay", recording, env=env)
    assert again.returncode == 0, again.stdout + again.stderr


BEFORE = """use std::{env, process::Command};
fn main() {
    let [real, sysroot] = ["RUSTC_SNAPSHOT", "RUSTC_SYSROOT"].map(|name| env::var(name).unwrap());
    let mut command = match env::var("RUSTC_WRAPPER_REAL") {
        Ok(wrapper) => { let mut made = Command::new(wrapper); made.arg(real); made }
        Err(_) => Command::new(real),
    };
    let status = command.args(["--sysroot", &sysroot]).args(env::args().skip(2)).status().unwrap();
    std::process::exit(status.code().unwrap());
}
"""


def test_a_wrapper_that_hands_on_to_the_recorders(
    tmp_path: Path, toolchain: Toolchain, fresh_cache: Path, portwright: Callable[..., Any]
) -> None:
    """x.py puts its own program into RUSTC_WRAPPER, and the caller's into RUSTC_WRAPPER_REAL."""
    source, shim = package(tmp_path, 'fn main() { println!("shown {}", file!()); }\n')
    (source / "before.rs").write_text(BEFORE)
    compile = [toolchain.rustc, "--edition=2021", "-o", shim, source / "before.rs"]
    subprocess.run(compile, check=True, env={**os.environ, **toolchain.environment})
    words = 'RUSTC_WRAPPER_REAL=$RUSTC_WRAPPER RUSTC_WRAPPER="$PWD/bootstrap/rustc" exec cargo build -q'
    (source / "x.sh").write_text(f"#!/bin/sh\n{words}\n")
    env = environment(toolchain, tmp_path)
    recording = tmp_path / "r.json"
    made = portwright("record", "-o", recording, "--", "sh", "x.sh", cwd=source, env=env)
    assert made.returncode == 0, made.stderr
    program = (source / "target" / "debug" / "shown").read_bytes()
    assert str(source).encode() not in program
    again = portwright("replay", recording, env=env)
    assert again.returncode == 0, again.stdout + again.stderr
