"""`portwright record` on real software: Debian's lua5.4, zlib and cmark, and a port's sysroot. Nothing of them is kept.

lua5.4 and zlib are built by make (zlib after its `configure`), cmark by CMake and ninja.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from debian_sources import unpacked
from emitted_builds import FORMS, in_private_nix, need
from portwright.base.errors import PortwrightError
from portwright.base.files import cache_root
from portwright.build import tracing
from portwright.derive import recording as recordings
from portwright.derive.recording import Recording

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", autouse=True)
def recorder() -> None:
    try:
        why = tracing.why_not_traced(tracing.recorder())
    except PortwrightError as error:
        why = error.faults[0].what
    if why:
        pytest.skip(f"record: {why}")


def check(recording: Recording) -> None:
    """What holds of every recording: edges lead to makers with the same content, nothing is unknown."""
    made = {(name, row.path): row for name, seen in recording.seen.items() for row in seen.outputs}
    for step in recording.plan.steps:
        assert all(path.startswith("$") for path in step.outputs)
        for row in step.inputs:
            assert row.kind == "folder" or row.digest, row
            if row.step:
                assert made[row.step, row.path].digest == row.digest, row
    impure = {(name, i.kind, i.what) for name, seen in recording.seen.items() for i in seen.impurities}
    assert impure == set()


@pytest.mark.parametrize(
    ("package", "command", "least"),
    [
        ("lua5.4", ("make", "-s", "-j2", "posix"), 36),
        ("zlib", ("sh", "-c", "./configure && make -s -j2"), 40),
        ("cmark", ("sh", "-c", "cmake -G Ninja -DCMARK_TESTS=OFF -B build && ninja -C build"), 38),
    ],
)
def test_a_debian_source(
    package: str, command: tuple[str, ...], least: int, tmp_path: Path, portwright: Callable[..., Any]
) -> None:
    """Recorded, replayed, and built by Nix, ninja and a script to the same bytes."""
    for tool in ("cmake", "ninja") if "cmake" in command[-1] else ():
        if shutil.which(tool) is None:
            pytest.skip(f"record: there is no `{tool}` on this machine")
    source = unpacked(package, tmp_path)
    done = portwright("record", "-o", tmp_path / "r.json", "--", *command, cwd=source)
    assert done.returncode == 0, done.stderr
    recording = recordings.from_json((tmp_path / "r.json").read_text())
    check(recording)
    compiled = [step for step in recording.plan.steps if step.type == "cc"]
    assert len(compiled) >= least
    for step in recording.plan.steps:
        for row in recording.seen[step.name].outputs:
            file = Path(recordings.expand(row.path, recording.roots))
            if row.path.endswith((".a", ".so", "/lua")) and not file.is_symlink():
                last = [s for s in recording.plan.steps if row.path in s.outputs][-1]
                if step is last:
                    assert hashlib.sha256(file.read_bytes()).hexdigest() == row.digest
    again = portwright("replay", tmp_path / "r.json", timeout=600)
    assert again.returncode == 0 and "the same: " in again.stdout, again.stdout
    with in_private_nix(tmp_path / "nix") as env:
        given = {name: env[name] for name in env if name.startswith("NIX_")}
        for form in FORMS:
            need(form)
            words = ("emit", tmp_path / "r.json", "--to", form, "-o", tmp_path / f"as-{form}", "--verify")
            done = portwright(*words, env=given, timeout=600)
            assert done.returncode == 0, done.stdout + done.stderr
            same, compared = re.findall(r"(\d+) of (\d+) outputs", done.stdout)[0]
            assert same == compared and int(same) >= least


@pytest.mark.toolchain
def test_a_ports_sysroot(tmp_path: Path, portwright: Callable[..., Any], repo: Path) -> None:
    """portwright's own builds let the wrapper through: every compile of cargo's is seen, and portable."""
    cache = tmp_path / "cache"
    cache.mkdir()
    if (cache_root() / "debs").exists():
        (cache / "debs").symlink_to((cache_root() / "debs").resolve())
    script = tmp_path / "portwright"

    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m portwright "$@"\n')
    script.chmod(0o755)
    words = (script, "build", "x86_64-unknown-veridian", "sysroot")
    env = {"PORTWRIGHT_CACHE": str(cache)}
    done = portwright("record", "-o", tmp_path / "r.json", "--", *words, cwd=tmp_path, env=env, timeout=1800)
    assert done.returncode == 0, done.stderr
    recording = recordings.from_json((tmp_path / "r.json").read_text())
    check(recording)
    compiled = {step.name: step for step in recording.plan.steps if step.type == "rustc"}
    assert {"rustc-core", "rustc-alloc", "rustc-std", "rustc-test"} <= set(compiled) and len(compiled) >= 20
    assert all(any("--remap-path-prefix=$CACHE" in word for word in step.argv) for step in compiled.values())
    assert any(row.path == "$LIBRARY/core/src/lib.rs" for step in recording.plan.steps for row in step.inputs)
