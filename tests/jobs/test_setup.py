"""`portwright setup` as a user starts it: from outside, with what is there, and (e2e) the whole way without root."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Portwright = Callable[..., subprocess.CompletedProcess[str]]
Make = Callable[..., Path]


def bare(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine that has no Rust but what a test puts in its rustup folder."""
    return {"RUSTUP_HOME": str(tmp_path / "rustup"), "PORTWRIGHT_CACHE": str(tmp_path / "cache")}


def test_nothing_is_done_where_a_usable_toolchain_is(
    tmp_path: Path, portwright: Portwright, fake_toolchain: Make, fake_tools: Make
) -> None:
    rustc = fake_toolchain(tmp_path / "rustup/toolchains/1.96.99", "1.96.99")
    rustc.with_name("ld.lld-22").write_text("#!/bin/sh\n")
    rustc.with_name("ld.lld-22").chmod(0o755)
    fake_tools("apt-get", f"touch {tmp_path}/apt-was-called")
    done = portwright("setup", "--json", env=bare(tmp_path))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["parts"] == [
        {"name": "rust", "outcome": "unchanged", "detail": "Rust 1.96.99, rustup 1.96.99"}
    ]
    assert said["toolchain"]["rustc"] == str(rustc)
    assert not (tmp_path / "apt-was-called").exists()


def test_sources_without_rust_end_in_an_error_that_helps(
    tmp_path: Path, portwright: Portwright, fake_tools: Make
) -> None:
    fake_tools("apt-get", 'echo "E: Failed to fetch x  Temporary failure resolving x" >&2; exit 100')
    fake_tools("apt-cache", "exit 0")
    done = portwright("setup", "--rootless", env=bare(tmp_path))
    assert done.returncode == 2
    assert "the package sources offer no Rust 1.96" in done.stderr
    assert "is there a network?" in done.stderr
    assert "rustup toolchain install 1.96" in done.stderr
    assert "Traceback" not in done.stderr


def test_where_there_is_no_apt_rustup_is_named(tmp_path: Path, portwright: Portwright) -> None:
    (tmp_path / "empty").mkdir()
    done = portwright("setup", "--rootless", env={**bare(tmp_path), "PATH": str(tmp_path / "empty")})
    assert done.returncode == 2
    assert "`apt-get` is not on this machine" in done.stderr or "`apt-cache` is not" in done.stderr
    assert "rustup toolchain install" in done.stderr


def test_a_cache_folder_that_cannot_be_made_is_named(tmp_path: Path, portwright: Portwright) -> None:
    (tmp_path / "file").write_text("")
    env = {**bare(tmp_path), "PORTWRIGHT_CACHE": str(tmp_path / "file" / "cache")}
    done = portwright("setup", "--rootless", env=env)
    assert done.returncode == 2
    assert str(tmp_path / "file" / "cache") in done.stderr
    assert "PORTWRIGHT_CACHE" in done.stderr


@pytest.mark.e2e
def test_the_whole_way_without_root(tmp_path: Path, portwright: Portwright) -> None:
    """Downloads 140 MB: Debian's own set, unpacked, compiles a program that runs; a second time, nothing is done."""
    if subprocess.run(["sh", "-c", "command -v apt-get"], capture_output=True).returncode != 0:
        pytest.skip("apt: no `apt-get` on this machine (Debian and its kin have it)")
    env = {"PORTWRIGHT_CACHE": str(tmp_path)}
    done = portwright("setup", "--rootless", "--json", env=env)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["toolchain"]
    assert found["finder"] == "unpacked" and found["rustc"].startswith(str(tmp_path))
    hello = tmp_path / "hello.rs"
    hello.write_text('fn main() { println!("{}", 6 * 7) }')
    search = {name: f"{value}:{os.environ.get(name, '')}" for name, value in found["environment"].items()}
    subprocess.run(
        [found["rustc"], "-o", tmp_path / "hello", hello], env={**os.environ, **search}, check=True
    )
    assert subprocess.run([tmp_path / "hello"], capture_output=True, check=True).stdout == b"42\n"
    again = json.loads(portwright("setup", "--rootless", "--json", env=env).stdout)
    assert [part["outcome"] for part in again["parts"]] == ["unchanged"]
