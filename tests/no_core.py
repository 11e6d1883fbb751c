"""Builds tiny real programs with rustc alone: no core, no linker of the host's, for any built-in target."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

HEAD = """
#![feature(no_core, lang_items, thread_local, auto_traits)]
#![no_core]
#![no_main]
#[lang = "pointee_sized"] trait PointeeSized {}
#[lang = "meta_sized"] trait MetaSized: PointeeSized {}
#[lang = "sized"] trait Sized: MetaSized {}
#[lang = "copy"] trait Copy {}
#[lang = "sync"] trait Sync {}
#[lang = "freeze"] unsafe auto trait Freeze {}
#[lang = "drop_in_place"] unsafe fn drop_in_place<T: PointeeSized>(_: *mut T) {}
impl<T, const N: usize> Sync for [T; N] {}
impl Copy for u8 {}
impl Copy for u32 {}
impl Copy for usize {}
impl Sync for u8 {}
impl Sync for u32 {}
impl Sync for usize {}
impl<T> Sync for &'static T {}
"""
START = """
#[unsafe(no_mangle)] pub extern "C" fn _start() -> usize { TABLE_LENGTH }
#[unsafe(no_mangle)] pub static TABLE_LENGTH: usize = 7;
"""


def rustc() -> str:
    """The rustc on the path, which `make setup` or a developer installed."""
    found = shutil.which("rustc")
    if found is None:
        pytest.skip("rustc is not on the path")
    return found


def lld(kind: str = "ld.lld") -> str:
    """LLD as one of its linkers, by its plain or Debian's name."""
    for name in (f"{kind}-22", kind):
        found = shutil.which(name)
        if found is not None:
            return found
    pytest.skip(f"{kind} is not on this machine (apt install lld-22)")


def tool(name: str) -> str:
    """A tool of binutils and the like."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on this machine")
    return found


def compiled(folder: Path, source: str, target: str, *words: str, name: str = "program") -> Path:
    """An object file of a source text behind `HEAD`."""
    file, out = folder / f"{name}.rs", folder / f"{name}.o"
    file.write_text(HEAD + source)
    argv = [rustc(), "--target", target, "--emit", "obj", "--crate-type", "lib", "-Cpanic=abort"]
    argv += ["-Ccodegen-units=1", "--edition=2024", "-Awarnings", *words, str(file), "-o", str(out)]
    env = {**os.environ, "RUSTC_BOOTSTRAP": "1"}
    done = subprocess.run(argv, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out


def linked(folder: Path, linker: str, words: Sequence[str | Path], name: str = "program") -> Path:
    """What a linker makes of it; its warnings are as it gives them."""
    out = folder / name
    subprocess.run([linker, *words, "-o", out], check=True, capture_output=True)
    return out
