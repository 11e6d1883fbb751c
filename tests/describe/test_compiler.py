"""Who a compiler is: asked by starting it, remembered by its file, and refused when it is no compiler."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from portwright.base.errors import MissingTool
from portwright.describe import compiler
from portwright.describe import toolchain as toolchains


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("exit 1", "does not run: status 1"),
        ("echo 'error: no toolchain' >&2; exit 1", "does not run: error: no toolchain"),
        ("echo hello", "is no rustc: `rustc -vV` says no `release`"),
        ("echo 'release: 1.96.0'", "says no `host`"),
        ("kill -9 $$", "does not run: status -9"),
    ],
)
def test_what_is_no_compiler_is_refused_with_what_it_said(
    tmp_path: Path, fresh_cache: Path, text: str, says: str
) -> None:
    rustc = script(tmp_path / "rustc", text)
    with pytest.raises(MissingTool) as caught:
        compiler.ask(rustc, {})
    assert says in str(caught.value) and str(rustc) in str(caught.value)
    assert not list(fresh_cache.rglob("*.json")), "a refusal is not remembered"


def test_a_file_that_is_not_there_and_one_that_may_not_run(tmp_path: Path, fresh_cache: Path) -> None:
    with pytest.raises(MissingTool, match=r"no compiler at .*: No such file"):
        compiler.ask(tmp_path / "rustc", {})
    (tmp_path / "rustc").write_text("text")
    with pytest.raises(MissingTool, match="may not start"):
        compiler.ask(tmp_path / "rustc", {})


def test_additions_go_in_front_of_the_search_lists(tmp_path: Path, fresh_cache: Path) -> None:
    text = f'echo "$LD_LIBRARY_PATH" > {tmp_path}/seen\necho "release: 1.96.0"; echo "host: h"'
    rustc = script(tmp_path / "rustc", text)
    compiler.ask(rustc, {"LD_LIBRARY_PATH": "/first"})
    assert (tmp_path / "seen").read_text().split(":")[0].strip() == "/first"


def test_the_same_compiler_at_two_paths_has_one_fingerprint(
    tmp_path: Path, fresh_cache: Path, fake_toolchain: Callable[..., Path]
) -> None:
    rustc = fake_toolchain(tmp_path / "a", "1.96.0", source=False)
    subprocess.run(["cp", "-a", tmp_path / "a", tmp_path / "b"], check=True)
    first, second = compiler.ask(rustc, {}), compiler.ask(tmp_path / "b/bin/rustc", {})
    assert first.fingerprint == second.fingerprint


@pytest.mark.toolchain
def test_the_real_compiler_says_what_it_says_itself(toolchain: toolchains.Toolchain) -> None:
    said = subprocess.run(
        [toolchain.rustc, "-vV"], capture_output=True, text=True, check=True, env={**toolchain.variables()}
    ).stdout
    for line in (
        f"release: {toolchain.version}",
        f"commit-hash: {toolchain.commit}",
        f"host: {toolchain.host}",
    ):
        assert line in said
