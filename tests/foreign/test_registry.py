"""Crates that nobody here wrote do the same on VeridianOS's ABI as on the host: text processing, a JSON parser, matrix
arithmetic, a directory walker, regular expressions."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portwright.describe.toolchain import Toolchain

NAME = "x86_64-unknown-veridian"
MANIFEST = """
[package]
name = "foreign"
version = "0.1.0"
edition = "2021"

[dependencies]
itertools = "0.14"
matrixmultiply = { version = "0.3", default-features = false, features = ["std"] }
regex-lite = "0.1"
textwrap = { version = "0.16", default-features = false }
tinyjson = "2"
walkdir = "2"

[workspace]
"""
PROGRAM = r"""
use itertools::Itertools;
use std::collections::BTreeMap;
use tinyjson::JsonValue;

fn text() {
    let text = "the quick brown fox jumps over the lazy dog; the dog sleeps, the fox runs. ".repeat(4);
    for line in textwrap::wrap(&text, 40) {
        println!("|{line}|");
    }
    let words = regex_lite::Regex::new(r"[a-z]+").unwrap();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for found in words.find_iter(&text) {
        *count.entry(found.as_str()).or_default() += 1;
    }
    println!("{}", count.iter().map(|(word, n)| format!("{word}={n}")).join(" "));
}

fn json() {
    let value: JsonValue = r#"{"a":[1,2.5,-3e10,"x\u00e9\n"],"b":{"c":null,"d":true}}"#.parse().unwrap();
    println!("{} {:?}", value["a"].stringify().unwrap(), value["b"]["d"]);
    println!("{}", "{\"a\": [1,}".parse::<JsonValue>().unwrap_err());
}

fn matrices() {
    let n = 37;
    let a: Vec<f64> = (0..n * n).map(|i| (i as f64).sin()).collect();
    let b: Vec<f64> = (0..n * n).map(|i| (i as f64).cos()).collect();
    let mut c = vec![0.0; n * n];
    let (rows, columns) = (n as isize, 1);
    unsafe {
        let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
        matrixmultiply::dgemm(n, n, n, 1.0, a, rows, columns, b, rows, columns, 0.0, c, rows, columns);
    }
    println!("{:.10} {:.10}", c.iter().sum::<f64>(), c[5]);
}

fn directories(root: &str) {
    std::fs::create_dir_all(format!("{root}/w/x/y")).unwrap();
    for i in 0..5 {
        std::fs::write(format!("{root}/w/x/f{i}"), "data".repeat(i)).unwrap();
    }
    for entry in walkdir::WalkDir::new(format!("{root}/w")).sort_by_file_name() {
        let entry = entry.unwrap();
        let size = if entry.file_type().is_file() { entry.metadata().unwrap().len() } else { 0 };
        println!("{} {} {size}", entry.depth(), entry.file_name().to_string_lossy());
    }
    std::fs::remove_dir_all(format!("{root}/w")).unwrap();
    println!("{}", std::path::Path::new(root).join("w").exists());
}

fn main() {
    text();
    json();
    matrices();
    directories(&std::env::args().nth(1).unwrap());
}
"""


@pytest.mark.toolchain
@pytest.mark.e2e
def test_registry_crates_do_the_same(
    toolchain: Toolchain, portwright: Callable[..., Any], tmp_path: Path
) -> None:
    crate = tmp_path / "foreign"
    (crate / "src").mkdir(parents=True)
    (crate / "Cargo.toml").write_text(MANIFEST)
    (crate / "src" / "main.rs").write_text(PROGRAM)
    variables = {**os.environ, **toolchain.variables(), "RUSTC": str(toolchain.rustc)}
    fetched = subprocess.run(
        [str(toolchain.cargo), "fetch"], cwd=crate, env=variables, capture_output=True, text=True, check=False
    )
    if fetched.returncode != 0:
        pytest.skip(
            f"registry crates: cargo cannot fetch them here: {fetched.stderr.strip().splitlines()[-1]}"
        )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    argv = [str(toolchain.cargo), "run", "--release", "--quiet", "--", str(scratch)]
    host = subprocess.run(argv, cwd=crate, env=variables, capture_output=True, text=True, check=True)
    assert "0.0000000000" not in host.stdout and host.stdout.count("\n") > 15
    for engine in ("native", "unicorn"):
        shown = portwright("run", NAME, "--engine", engine, crate, "/tmp")
        assert (shown.returncode, shown.stdout) == (0, host.stdout), shown.stderr
