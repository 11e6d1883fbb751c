"""The step `collect-sysroot`: collects what cargo built of std into a folder that rustc and cargo take as a sysroot.

Taken are the files that this build's messages name, not what lies about in cargo's folder: that also holds
crates of earlier builds.
"""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

from portwright.base.errors import Fault, PortwrightError, Where
from portwright.base.files import write_atomic
from portwright.build.steps import Call

MODULES = ("base.errors", "base.files")


def run(call: Call) -> str:
    """Fill the sysroot; answers how many crates it holds."""
    options = call.options
    target, out = options["target"], call.out
    crates = rlibs(Path(options["messages"]))
    if not any(crate.name.startswith("libstd") for crate in crates):
        what = "the build of std named no libstd.rlib among its results"
        raise PortwrightError([Fault(what, Where(options["messages"]), "build again from a fresh cache")])
    own = out / "lib" / "rustlib" / target
    (own / "lib").mkdir(parents=True)
    for crate in crates:
        shutil.copyfile(crate, own / "lib" / crate.name)
    shutil.copyfile(options["spec"], own / "target.json")
    host = Path(options["host-sysroot"]) / "lib" / "rustlib" / options["host"]
    if host.is_dir() and options["host"] != target:
        (out / "lib" / "rustlib" / options["host"]).symlink_to(host)
    if "linker" in options:
        for suffix in ("", ".json"):
            made = out / "bin" / (Path(options["linker"]).name + suffix)
            write_atomic(made, Path(options["linker"] + suffix).read_text(), mode=0o644 if suffix else 0o755)
    for tool in ("rustc", "rustdoc"):
        real = Path(options["rustc"]).with_name(tool)
        if real.is_file():
            script = wrapper(real, call, DOCTESTS if tool == "rustdoc" else "")
            write_atomic(out / "bin" / tool, script, mode=0o755)
    return f"{len(crates)} crates"


def rlibs(messages: Path) -> list[Path]:
    """The `.rlib` files that cargo's JSON messages name, in their order."""
    found: dict[Path, None] = {}
    for line in messages.read_text().splitlines():
        if not line.startswith("{"):
            continue
        message = json.loads(line)
        if message.get("reason") == "compiler-artifact":
            found |= {Path(name): None for name in message["filenames"] if name.endswith(".rlib")}
    return list(found)


DOCTESTS = """
# rustdoc cannot run tests for a target that it does not have built in: portwright does, if it is the runner.
doctests() {
    last= asked= listed= found=
    count=$#
    for word in "$@"; do
        case $word in
        --test) asked=yes ;;
        --output-format=doctest) listed=yes ;;
        esac
        case $last in
        --test-runtool | --test-runtool-arg)
            if [ "$word" = run ]; then found=yes; fi
            if [ -z "$found" ]; then set -- "$@" "$word"; fi
            ;;
        esac
        last=$word
    done
    if [ "$asked$listed$found" != yesyes ] || [ -n "$listed" ]; then return; fi
    set -- "$@" doctest "$0"
    while [ $count -gt 0 ]; do
        word=$1
        shift
        set -- "$@" "$word"
        count=$((count - 1))
    done
    exec "$@"
}
doctests "$@"
"""


def wrapper(real: Path, call: Call, more: str = "") -> str:
    """A rustc (or rustdoc) that knows the target.

    A compile for the target gets the sysroot and the leave to use it on a stable compiler, but no unstable
    language features unless the caller asked for them with RUSTC_BOOTSTRAP: a build script that probes for
    them must hear no, but for assembly where the CPU's is one of them. A port's own linker is named to it.
    Compiles for the host pass through. `-vV` names the sysroot, because cargo builds again
    what another compiler has built, and knows a compiler by this answer. `more` comes before the call.
    """
    exports = "".join(
        f"export {name}={shlex.quote(value)}${{{name}:+:${name}}}\n"
        for name, value in call.environment.items()
    )
    quoted = shlex.quote(str(real))
    allowed = call.options.get("allow-features", "")
    linker = call.options.get("linker")
    own = shlex.quote(f"-Clinker={call.final / 'bin' / Path(linker).name}") if linker else ""
    linking = f" {own} -Clinker-plugin-lto" if linker else ""
    return f"""#!/bin/sh
{exports}if [ "$*" = -vV ]; then
    {quoted} -vV && echo 'portwright-sysroot: {call.key}'
    exit
fi
for=host
sysroot=--sysroot={shlex.quote(str(call.final))}
for word in "$@"; do
    case $word in
    --target | --target=*) for=target ;;
    --sysroot | --sysroot=*) sysroot= ;;
    esac
done
if [ $for = host ]; then
    exec {quoted} "$@"
fi{more}
if [ -z "$RUSTC_BOOTSTRAP" ]; then
    export RUSTC_BOOTSTRAP=1
    set -- -Zallow-features={allowed} "$@"
fi
exec {quoted} -Zunstable-options{linking} ${{sysroot:+"$sysroot"}} "$@"
"""
