"""Every trade: what goes by it, which of its calls are questions, and what a step of it is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from portwright.build.trade import Call, trade_of, trades


def call(line: str, exe: str = "", cwd: str = "/", **env: str) -> Call:
    argv = tuple(line.split())
    return Call(exe or f"/usr/bin/{argv[0]}", argv, env, cwd)


ROWS = [
    # line, exe, trade, role, a question, subject
    ("rustc --crate-name app src/main.rs --emit=link", "", "rustc", "step", False, "app"),
    ("rustc - --crate-name ___ --print=file-names --print=cfg", "", "rustc", "step", True, "___"),
    ("rustc --crate-name a --print=native-static-libs --emit=link a.rs", "", "rustc", "step", False, "a"),
    ("rustc -vV", "", "rustc", "step", True, ""),
    ("rustc --test --crate-name app src/main.rs", "", "rustc", "step", False, "app-tests"),
    ("x", "/t/debug/build/app-0123/build-script-build", "build-script", "step", False, ""),
    ("cc -c a.c -o sub/a.o", "", "cc", "step", False, "a.o"),
    ("x86_64-linux-gnu-gcc-12 -c a.c", "", "cc", "step", False, "a"),
    ("gcc -dumpmachine", "", "cc", "step", True, ""),
    ("clang++ -v", "", "cc", "step", True, ""),
    ("cc -E probe.c", "", "cc", "step", True, "probe"),
    ("cc -E a.c -o a.i", "", "cc", "step", False, "a.i"),
    ("cc -v -c a.c -o a.o", "", "cc", "step", False, "a.o"),
    ("ar rcs liba.a a.o", "", "ar", "step", False, "liba.a"),
    ("gcc-ranlib liba.a", "/usr/bin/x86_64-linux-gnu-gcc-ranlib", "ar", "step", False, "liba.a"),
    ("ld -o app a.o", "/usr/bin/ld.bfd", "ld", "step", False, "app"),
    ("ld --version", "", "ld", "step", True, ""),
    ("cargo build", "", "cargo", "driver", False, ""),
    ("make -j4", "", "make", "driver", False, ""),
    ("ninja", "", "ninja", "driver", False, ""),
    ("cmake --build .", "", "cmake", "driver", False, ""),
    ("cmake -S . -B out", "", "cmake", "step", False, ""),
    ("cmake --version", "", "cmake", "step", True, ""),
    ("sh ./configure --prefix=/usr", "/usr/bin/dash", "shell", "either", False, "configure"),
    ("python3 gen/make.py out", "", "script", "either", False, "make.py"),
    ("perl -V", "", "script", "either", True, ""),
    ("env A=1 make", "", "launcher", "either", False, ""),
    ("perl /usr/bin/dh build", "/usr/bin/perl", "debian", "either", False, ""),
    ("bootstrap check", "/b/bootstrap/debug/bootstrap", "bootstrap", "driver", False, ""),
    ("python3 -m portwright build x sysroot", "/usr/bin/python3.11", "portwright", "driver", False, ""),
    ("python3 /venv/bin/portwright build x", "/usr/bin/python3.11", "portwright", "driver", False, ""),
    ("gen-tables a b", "/opt/gen-tables", "program", "step", False, ""),
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_command_is_of_its_trade(row: tuple[str, str, str, str, bool, str]) -> None:
    line, exe, name, role, question, subject = row
    told = call(line, exe)
    found, trade = trade_of(told)
    assert (found, trade.role_of(told), trade.probe(told), trade.subject(told)) == (
        name,
        role,
        question,
        subject,
    )


def test_every_trade_has_a_row() -> None:
    assert {row[2] for row in ROWS} - {"program"} == set(trades())


def test_cargos_roots_are_its_workspace_its_home_and_its_target(tmp_path: Path) -> None:
    (tmp_path / "Cargo.toml").write_text("[workspace]\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Cargo.toml").write_text("[package]\n")
    roots = trades()["cargo"].roots
    assert roots is not None
    inner = str(tmp_path / "app")
    assert roots(call("cargo build", cwd=inner, HOME="/h")) == {
        "SRC": str(tmp_path),
        "CARGO": "/h/.cargo",
        "OUT": str(tmp_path / "target"),
    }
    elsewhere = call("cargo build --target-dir out", cwd=inner, CARGO_HOME="/c", CARGO_TARGET_DIR="no")
    assert roots(elsewhere)["OUT"] == f"{inner}/out" and roots(elsewhere)["CARGO"] == "/c"


def test_dep_info_and_build_scripts_declare_variables() -> None:
    rustc, script = trades()["rustc"], trades()["build-script"]
    assert rustc.declared is not None and script.declared is not None
    assert rustc.declared("a: b\n\n# env-dep:OUT_DIR=/x\n# env-dep:FLAVOUR\n") == {"OUT_DIR", "FLAVOUR"}
    said = "cargo:rerun-if-env-changed=A\ncargo::rerun-if-env-changed=B\ncargo:rustc-cfg=c\n"
    assert script.declared(said) == {"A", "B"}
