"""A kernel of our own and a port that boots it: what it does is said on its command line."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from portwright.base.files import write_atomic
from portwright.describe import toolchain as toolchains

FOLDER = Path(__file__).resolve().parent / "fixtures" / "bare-metal"
PORTS = Path(__file__).resolve().parents[1] / "ports"

MACHINE = """
[machine.bare]
kind = "qemu"
arch = "x86_64"
machine = "pc,graphics=off"
memory = "64M"
accelerator = "tcg"
emulation-slowness = 1.0
quiet = 0.3
settle = 0.25
most-output = 200_000
panics = ["^PANIC: "]
restarts = "^BARE entry"
devices = ["isa-debug-exit,iobase=0xf4,iosize=4"]

[[machine.bare.milestone]]
name = "entry"
text = "BARE entry"
seconds = 10

[[machine.bare.milestone]]
name = "memory"
text = "BARE memory ready"
seconds = 5

[[machine.bare.milestone]]
name = "success"
pattern = "^BARE success"
seconds = 1

[machine.bare.shell]
prompt = "^bare> "
type = ["echo {mark}", "{command}", "last {mark}"]
status = '^{mark} (?P<status>\\d+)'
noise = ['^\\[kernel\\] ']
seconds = 5
"""


def need_qemu(arch: str = "x86_64") -> None:
    """Skip where there is no QEMU for whole machines of that kind."""
    if shutil.which(f"qemu-system-{arch}") is None:
        pytest.skip(f"qemu: qemu-system-{arch} is not here (portwright setup --all)")


def kernel(cache: Path, toolchain: toolchains.Toolchain) -> Path:
    """The kernel, built once for its sources."""
    need_qemu()
    if not toolchain.host.startswith("x86_64"):
        pytest.skip("bare-metal: the kernel is built with the core library of an x86-64 host")
    source, script = FOLDER / "bare.rs", FOLDER / "bare.ld"
    assert toolchain.lld is not None
    key = hashlib.sha256(source.read_bytes() + script.read_bytes() + toolchain.version.encode()).hexdigest()
    made = cache / "bare-metal" / key[:16] / "bare"
    if not made.is_file():
        made.parent.mkdir(parents=True, exist_ok=True)
        words = ["--edition", "2021", "-O", "--crate-type", "bin", "-C", "panic=abort"]
        for option in (
            "relocation-model=static",
            "force-frame-pointers=yes",
            "linker-flavor=ld.lld",
            f"linker={toolchain.lld}",
            f"link-arg=-T{script}",
        ):
            words += ["-C", option]
        fresh = made.with_suffix(f".{id(made)}")
        subprocess.run([toolchain.rustc, *words, "-o", fresh, source], check=True, capture_output=True)
        write_atomic(made, fresh.read_bytes())
        fresh.unlink()
    return made


def port(folder: Path, machine: str = MACHINE, failures: str = "") -> Path:
    """A port in a folder, with this machine."""
    source = PORTS / "x86_64-portwright-linux"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(source / "abi.toml", folder)
    text = (source / "port.toml").read_text()
    text = text.split("[machine.")[0].replace('"../programs"', f'"{PORTS / "programs"}"')
    (folder / "port.toml").write_text(text + machine)
    if failures:
        (folder / "failures.toml").write_text(failures)
    return folder
