"""The step `fetch-crates`: the crates of a manifest and its lock, from cargo's registry, into a folder of their own.

Cargo fetches them by the user's own configuration (a mirror, a proxy) and holds each to the lock's checksum; what
it has already needs no network.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

from portwright.base import processes
from portwright.base.errors import Fault, PortwrightError, Where
from portwright.build.steps import Call

MODULES = ("base.errors", "base.processes")
NETWORK = "fetches crates from cargo's registry"
_CARGO_OWN = re.compile(r"^(RUSTFLAGS|CARGO_(BUILD|TARGET|ENCODED|PROFILE|INCREMENTAL|MANIFEST|PKG).*)$")


def run(call: Call) -> str:
    """Fill `package/`: the manifest, the lock, and `vendor/` with the sources."""
    package = call.out / "package"
    (package / "src").mkdir(parents=True)
    (package / "src" / "lib.rs").write_text("")
    for name, option in (("Cargo.toml", "manifest"), ("Cargo.lock", "lock")):
        (package / name).write_bytes(Path(call.options[option]).read_bytes())
    environment = processes.environment({name: None for name in os.environ if _CARGO_OWN.match(name)})
    argv = [call.options["cargo"], "vendor", "--locked", "--versioned-dirs", "--manifest-path"]
    argv += [str(package / "Cargo.toml"), str(package / "vendor")]
    ended = processes.run([*argv, "--offline"], cwd=package, env=environment)
    if ended.status != 0:
        ended = processes.run(argv, cwd=package, env=environment)
    if ended.status != 0:
        raise PortwrightError([_fault(call, ended.error_text, argv)])
    return f"{len(list((package / 'vendor').iterdir()))} crates"


def crates(lock: Path) -> list[str]:
    """What a lock names from a registry: `rand 0.9.2`."""
    rows = tomllib.loads(lock.read_text(encoding="utf-8")).get("package", [])
    return [f"{row['name']} {row['version']}" for row in rows if "source" in row]


def _fault(call: Call, said: str, argv: list[str]) -> Fault:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    first = next((at for at, line in enumerate(lines) if line.startswith("error")), 0)
    what = f"the crates that Rust's tests need could not be fetched: {', '.join(crates(Path(call.options['lock'])))}\n"
    what += "\n".join(lines[first : first + 12])
    hint = (
        "they are fetched once, by cargo: let it reach its registry or set a mirror in cargo's configuration "
    )
    hint += f"(`[source.crates-io] replace-with`), and run it again: {processes.paste(argv)}"
    return Fault(what, Where(call.options["lock"]), hint, "tests/crates")
