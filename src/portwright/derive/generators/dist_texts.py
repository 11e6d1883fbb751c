"""The texts of a toolchain that is handed out: its tools, its README and its stamp. They name no folder of this machine.

The tools are shell scripts that find the compiler which the sysroot was built with on the machine where they are
run, wherever the folder lies there.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain

TOOLS = ("rustc", "rustdoc", "cargo")


@dataclass(frozen=True, slots=True)
class Dist:
    """What the texts are made from: `release` is what `rustc -V` must say; `lld` whether the port is linked by it."""

    port: Port
    toolchain: Toolchain
    release: str
    flavor: str | None
    stamp: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The folder's and the tarball's name."""
        return f"rust-{self.toolchain.version}-{self.port.target}"


def texts(dist: Dist) -> dict[str, str]:
    """Path in the folder -> text; those in `bin/` are programs."""
    found = {f"bin/{tool}": _cargo() if tool == "cargo" else _compiler(tool, dist) for tool in TOOLS}
    return {
        **found,
        "lib/portwright/find-rust.sh": _find(dist),
        "lib/portwright/stamp.json": json.dumps(dict(dist.stamp), indent=2, sort_keys=True) + "\n",
        "README.md": _readme(dist),
    }


_HOME = """\
# The folder that this lies in, by whatever link it was called.
here=$0
while [ -L "$here" ]; do
    link=$(readlink "$here")
    case $link in
    /*) here=$link ;;
    *) here=$(dirname "$here")/$link ;;
    esac
done
home=$(cd "$(dirname "$here")/.." && pwd -P) || exit 125
. "$home/lib/portwright/find-rust.sh"
"""


def _compiler(tool: str, dist: Dist) -> str:
    linker = ""
    if dist.flavor is not None:
        linker = f"""
lld=$(find_lld)
if [ -n "$lld" ]; then
    set -- "-Clinker=$lld" -Clinker-flavor={shlex.quote(dist.flavor)} "$@"
fi"""
    return f"""#!/bin/sh
# {tool} for {dist.port.target}: the one of {dist.release}, with this folder's std.
{_HOME}
tool=$(dirname "$rust")/{tool}
if [ "$*" = -vV ]; then
    "$tool" -vV && echo "portwright-sysroot: {dist.stamp["sysroot"]}"
    exit
fi
if [ "$*" = "--print sysroot" ] || [ "$*" = "--print=sysroot" ]; then
    exec "$tool" "$@"
fi
for=host
sysroot=--sysroot=$home
for word in "$@"; do
    case $word in
    --target | --target=*) for=target ;;
    --sysroot | --sysroot=*) sysroot= ;;
    esac
done
if [ $for = host ]; then
    exec "$tool" "$@"
fi{linker}
if [ -z "$RUSTC_BOOTSTRAP" ]; then
    # The target is not built in, and that alone is unstable: no unstable feature of the language comes with it.
    export RUSTC_BOOTSTRAP=1
    set -- -Zallow-features= "$@"
fi
exec "$tool" -Zunstable-options ${{sysroot:+"$sysroot"}} "$@"
"""


def _cargo() -> str:
    return f"""#!/bin/sh
# cargo with this folder's rustc and rustdoc.
{_HOME}
export PORTWRIGHT_RUSTC="$rust"
export RUSTC="${{RUSTC:-$home/bin/rustc}}"
export RUSTDOC="${{RUSTDOC:-$home/bin/rustdoc}}"
exec "$(dirname "$rust")/cargo" "$@"
"""


def _find(dist: Dist) -> str:
    host, version = dist.toolchain.host, dist.toolchain.version
    llvm = dist.toolchain.llvm_version.split(".")[0]
    return f"""\
# Finds the compiler that this folder's std was built with: another one refuses its files. Sets `rust`.
wanted={shlex.quote(dist.release)}

is_wanted() {{
    # A rustup proxy would come back here.
    [ -x "$1" ] && [ ! -e "$(dirname "$1")/rustup" ] && [ "$(dirname "$1")" != "$home/bin" ] &&
        [ "$("$1" -V 2>/dev/null)" = "$wanted" ]
}}

find_rust() {{
    if is_wanted "${{PORTWRIGHT_RUSTC:-}}"; then
        echo "$PORTWRIGHT_RUSTC"
        return
    fi
    for one in "${{RUSTUP_HOME:-${{HOME:-/}}/.rustup}}"/toolchains/*/bin/rustc; do
        if [ ! -L "$(dirname "$(dirname "$one")")" ] && is_wanted "$one"; then
            echo "$one"
            return
        fi
    done
    saved=$IFS
    IFS=:
    for folder in $PATH /usr/local/bin /usr/bin; do
        if is_wanted "$folder/rustc"; then
            echo "$folder/rustc"
            break
        fi
    done
    IFS=$saved
}}

find_lld() {{
    own=$(dirname "$(dirname "$rust")")/lib/rustlib/{host}/bin
    for one in ld.lld-{llvm} "$own/rust-lld" "$own/gcc-ld/ld.lld" ld.lld; do
        command -v "$one" && return
    done
}}

rust=$(find_rust)
if [ -z "$rust" ]; then
    echo "$0: this toolchain needs $wanted, and it was not found." >&2
    echo "  looked at PORTWRIGHT_RUSTC, rustup's toolchains and the PATH" >&2
    echo "  get it (rustup toolchain install {version}, or {dist.toolchain.origin.split(",")[0]})," >&2
    echo "  or set PORTWRIGHT_RUSTC to the rustc" >&2
    exit 125
fi
"""


def _readme(dist: Dist) -> str:
    port, target = dist.port, dist.port.target
    stamp = "\n".join(f"* `{key}`: `{value}`" for key, value in sorted(dist.stamp.items()))
    linker = "LLD (`ld.lld`)" if dist.flavor else "the linker that the target spec names"
    return f"""\
# Rust {dist.toolchain.version} for {target}

{" ".join(port.manifest.port.summary.split()).rstrip(".")}.

This folder holds core, alloc, std and test for `{target}`, its target spec, and `rustc`, `rustdoc` and `cargo` that
know it. The compiler itself is not in it: the tools find it on this machine. It must be

    {dist.release}

(rustup's toolchains, the PATH, or `PORTWRIGHT_RUSTC=/path/to/rustc`), because compiled crates of one compiler are
refused by every other. Programs are linked by {linker}.

## With rustup

    rustup toolchain link {port.os} /path/to/{dist.name}
    cargo +{port.os} build --release --target {target}

## Without

    PATH=/path/to/{dist.name}/bin:$PATH cargo build --release --target {target}

Or in a package's `.cargo/config.toml`, so that plain `cargo build` builds for {port.os}:

    [build]
    target = "{target}"
    rustc = "/path/to/{dist.name}/bin/rustc"
    rustdoc = "/path/to/{dist.name}/bin/rustdoc"

A compile without `--target` (build scripts, procedural macros) is for this machine, as always. The target is a
custom one, which Rust calls unstable; the tools allow that and nothing else unstable.

## What it was made from

{stamp}

std and the tools' compiler are Rust's, under the MIT license or the Apache License 2.0, as you like.
"""
