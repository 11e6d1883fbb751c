"""portwright's own steps `lay_view` and `collect_sysroot`, on made-up inputs; each names the code that it runs."""

from __future__ import annotations

import ast
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from portwright.base import rooms
from portwright.base.errors import PortwrightError
from portwright.build import own_step
from portwright.build.steps import Call, collect_sysroot, fetch_crates, lay_view, test_arguments
from portwright.derive.edit import NewFile, to_json

PACKAGE = Path(own_step.__file__).resolve().parents[1]


def imported(module: str) -> set[str]:
    """The modules of portwright that a module imports, and those that they import."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        tree = ast.parse((PACKAGE / f"{waiting.pop().replace('.', '/')}.py").read_text())
        for node in ast.walk(tree):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("portwright"):
                continue
            for name in [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]:
                below = name.removeprefix("portwright").removeprefix(".")
                if below and (PACKAGE / f"{below.replace('.', '/')}.py").is_file() and below not in seen:
                    seen.add(below)
                    waiting.append(below)
    return seen


@pytest.mark.parametrize("name", rooms.names(own_step.ROOM))
def test_a_step_names_all_the_code_that_it_runs(name: str) -> None:
    """What is not named would not be in the step's key: an old result would be taken for the new code's."""
    entry = f"build.steps.{rooms.module_name(name)}"
    assert set(rooms.load(own_step.ROOM, name).MODULES) == imported(entry) - {entry}
    assert len(own_step.fingerprint(name)) == 64


def test_view_lays_the_edits_over_the_tree(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.rs").write_text("")
    (tmp_path / "edits.json").write_text(to_json([NewFile("b.rs", "new\n", "x")]))
    options = {"source": str(tmp_path / "tree"), "edits": str(tmp_path / "edits.json")}
    call = Call(options, {}, tmp_path / "out", tmp_path / "out", "k")
    assert lay_view.run(call) == "2 files changed"
    assert lay_view.run(call) == "unchanged"
    assert (tmp_path / "out" / "b.rs").read_text() == "new\n"


@pytest.fixture
def collect(tmp_path: Path) -> Callable[..., Path]:
    """Collects a sysroot from made-up results of cargo, around a rustc that prints its arguments."""

    def run(*names: str, environment: dict[str, str] | None = None) -> Path:
        built = tmp_path / "deps"
        built.mkdir()
        for name in [*names, "libold-1.rlib"]:
            (built / name).write_text(name)
        rows = [
            {"reason": "compiler-artifact", "filenames": [str(built / n), str(built / "x.rmeta")]}
            for n in names
        ]
        lines = [json.dumps(row) for row in [{"reason": "build-finished"}, *rows]]
        (tmp_path / "messages.json").write_text("not json\n" + "\n".join(lines) + "\n")
        (tmp_path / "t.json").write_text("{}")
        host = tmp_path / "host"
        (host / "lib/rustlib/h-o-st/lib").mkdir(parents=True)
        (host / "bin").mkdir()
        for tool in ("rustc", "rustdoc"):
            script = f'#!/bin/sh\necho {tool} BOOTSTRAP=$RUSTC_BOOTSTRAP LIB=$LD_LIBRARY_PATH "$@"\n'
            (host / "bin" / tool).write_text(script)
            (host / "bin" / tool).chmod(0o755)
        options = {"messages": str(tmp_path / "messages.json"), "target": "t", "spec": str(tmp_path / "t.json"),
                   "rustc": str(host / "bin" / "rustc"), "host": "h-o-st", "host-sysroot": str(host),
                   "port": "/a port"}  # fmt: skip
        out = tmp_path / "my sysroot"
        out.mkdir()
        collect_sysroot.run(Call(options, environment or {}, out, out, "the-key"))
        return out

    return run


def test_a_sysroot_holds_what_the_messages_name_and_nothing_else(collect: Callable[..., Path]) -> None:
    out = collect("libstd.rlib", "libcore-1.rlib")
    own = out / "lib/rustlib/t"
    assert sorted(path.name for path in (own / "lib").iterdir()) == ["libcore-1.rlib", "libstd.rlib"]
    assert (own / "target.json").read_text() == "{}"
    assert (out / "lib/rustlib/h-o-st/lib").is_dir()


def test_a_build_without_std_is_no_sysroot(collect: Callable[..., Path]) -> None:
    with pytest.raises(PortwrightError, match=r"named no libstd\.rlib"):
        collect("libcore-1.rlib")


def test_the_wrapper_gives_the_sysroot_to_the_target_only(collect: Callable[..., Path]) -> None:
    out = collect("libstd.rlib", environment={"LD_LIBRARY_PATH": "/own lib"})

    def say(*words: str, tool: str = "rustc", **env: str) -> str:
        clean = {k: v for k, v in os.environ.items() if k not in ("RUSTC_BOOTSTRAP", "LD_LIBRARY_PATH")}
        argv = [str(out / "bin" / tool), *words]
        return subprocess.run(
            argv, env={**clean, **env}, capture_output=True, text=True, check=True
        ).stdout.strip()

    lib = "LIB=/own lib"
    assert say("a b.rs", "--crate-type", "lib") == f"rustc BOOTSTRAP= {lib} a b.rs --crate-type lib"
    flags = f"-Zunstable-options --sysroot={out}"
    assert (
        say("--target", "t", "x.rs") == f"rustc BOOTSTRAP=1 {lib} {flags} -Zallow-features= --target t x.rs"
    )
    assert say("--target=t", RUSTC_BOOTSTRAP="1") == f"rustc BOOTSTRAP=1 {lib} {flags} --target=t"
    assert say("--target=t", "--sysroot", "/s", RUSTC_BOOTSTRAP="1").endswith(
        "-Zunstable-options --target=t --sysroot /s"
    )
    assert say("--target=t", tool="rustdoc").startswith("rustdoc BOOTSTRAP=1")
    assert say("-vV").splitlines()[1] == "portwright-sysroot: the-key"
    assert (
        say("-vV", LD_LIBRARY_PATH="/caller")
        .splitlines()[0]
        .startswith("rustc BOOTSTRAP= LIB=/own lib:/caller")
    )


def test_fetch_crates_holds_them_to_the_lock_and_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a cargo that has no network and nothing in its home: the crates are named, and what to do."""
    manifest, lock = tmp_path / "m.toml", tmp_path / "m.lock"
    manifest.write_text(
        '[package]\nname = "test-crates"\nversion = "0.0.0"\n[workspace]\n[dependencies]\nrand = "0.9"\n'
    )
    rows = '[[package]]\nname = "rand"\nversion = "0.9.2"\nsource = "registry+https://crates.invalid"\nchecksum = "aa"\n'
    lock.write_text(
        f'version = 4\n{rows}\n[[package]]\nname = "test-crates"\nversion = "0.0.0"\ndependencies = ["rand"]\n'
    )
    cargo = tmp_path / "cargo"
    cargo.write_text('#!/bin/sh\necho "error: could not resolve the registry" >&2\nexit 101\n')
    cargo.chmod(0o755)
    options = {"cargo": str(cargo), "manifest": str(manifest), "lock": str(lock)}
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(PortwrightError) as caught:
        fetch_crates.run(Call(options, {}, out, out, "key"))
    (fault,) = caught.value.faults
    assert "rand 0.9.2" in fault.what and "could not resolve" in fault.what
    assert fault.hint is not None and "mirror" in fault.hint and "vendor --locked" in fault.hint


def test_test_arguments_are_those_with_which_cargo_built_std(tmp_path: Path) -> None:
    def library(name: str, **more: object) -> dict[str, object]:
        target = {"name": name, "kind": ["lib"]}
        return {"reason": "compiler-artifact", "package_id": name, "target": target, "features": [], **more}

    script = {
        "reason": "build-script-executed",
        "package_id": "std",
        "cfgs": ["backtrace_in_libstd"],
        "env": [],
    }
    own = {**library("build"), "target": {"name": "build-script-build", "kind": ["custom-build"]}}
    other = {**script, "package_id": "libc", "cfgs": ["freebsd12"]}
    rows = [library("core"), own, script, other, library("rustc-demangle"), library("getopts")]
    rows += [library("rustc-std-workspace-core"), library("std", features=["panic-unwind"]), library("test")]
    messages = tmp_path / "messages.json"
    messages.write_text("".join(json.dumps(row) + "\n" for row in rows) + "not json\n")
    assert "words" in test_arguments.run(Call({"messages": str(messages)}, {}, tmp_path, tmp_path, "key"))
    assert (tmp_path / "std-unit.args").read_text().split("\n") == [
        "--cfg",
        'feature="panic-unwind"',
        "--cfg",
        "backtrace_in_libstd",
        "--extern",
        "core",
        "--extern",
        "rustc_demangle",
        "",
    ]
    messages.write_text("{}\n")
    with pytest.raises(PortwrightError, match="does not say how std was built"):
        test_arguments.run(Call({"messages": str(messages)}, {}, tmp_path, tmp_path, "key"))
