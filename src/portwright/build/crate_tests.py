"""Builds crates of the registry and their own tests for a port, and says what the ones that do not build lack."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portwright.base.errors import fail
from portwright.base.events import Event, Note
from portwright.base.files import cache_root, folder_atomic, is_locked, lock, write_atomic
from portwright.base.processes import Completed, environment, watch
from portwright.build import crate_patches
from portwright.build.crate_patches import Patched
from portwright.build.goals import BuildResult
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain

MOST_CAUSES = 4
KEPT_TARGETS = 1  # besides the one that is used
_LIBC = re.compile(r"(?:cannot find|no) \w+ `(\w+)` in (?:crate|the crate root|module) `(?:crate::)?libc`")
_IMPORT = re.compile(r"unresolved imports? (.*)")
_KINDS = ("bin", "bench", "example")


@dataclass(frozen=True, slots=True)
class Source:
    """A crate of the registry in a folder of its own, in which its tests are built."""

    name: str
    version: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Binary:
    """A test binary; `harness` where libtest is its main."""

    name: str
    path: Path
    harness: bool


@dataclass(frozen=True, slots=True)
class Built:
    """What could be built. `library` is whether the crate itself could; `lacks` why its tests could not: a line for
    each package that failed. `patched` are the crates that the port had to be taught."""

    library: bool
    binaries: tuple[Binary, ...] = ()
    lacks: tuple[str, ...] = ()
    patched: tuple[Patched, ...] = ()


@dataclass
class Builder:
    """One port's sysroot with what cargo needs beside it; crates share what they depend on."""

    port: Port
    built: BuildResult
    jobs: int
    folder: Path = field(default_factory=lambda: cache_root() / "crate-tests")

    @property
    def toolchain(self) -> Toolchain:
        """The compiler that the sysroot was built with."""
        return self.built.toolchain

    def _variables(self, **more: str) -> dict[str, str | None]:
        assert self.built.sysroot is not None
        unwanted = dict.fromkeys(("RUSTFLAGS", "CARGO_BUILD_TARGET", "RUSTC_WRAPPER", "RUSTC_BOOTSTRAP"))
        return {
            **unwanted,
            **self.toolchain.variables(),
            "CARGO_HOME": str(self.folder / "cargo-home"),
            "CARGO_TARGET_DIR": str(self._target()),
            "CARGO_INCREMENTAL": "0",  # nobody edits these crates, and what cargo would keep for that is gigabytes
            "RUSTC": str(self.built.sysroot / "bin" / "rustc"),
            # Quick to link, and checked as a debug build is.
            "CARGO_PROFILE_DEV_DEBUG": "line-tables-only",
            "CARGO_PROFILE_DEV_OPT_LEVEL": "1",
            "RUSTDOC": str(self.built.sysroot / "bin" / "rustdoc"),
            **more,
        }

    def _target(self) -> Path:
        return self.folder / f"target-{self.built.folder.name}"

    def busy(self) -> bool:
        """Whether another run works there now."""
        return is_locked(_lock_of(self._target()))

    @contextmanager
    def using(self) -> Iterator[None]:
        """Hold what is built here for a run, and forget what was built for other ways of this target, all but what was
        used last: each is gigabytes."""
        own = self._target()
        with lock(_lock_of(own)):
            own.mkdir(exist_ok=True)
            os.utime(own)
            self._forget(own)
            yield

    def _forget(self, own: Path) -> None:
        name = re.compile(rf"target-{re.escape(self.port.target)}-[0-9a-f]{{8}}")
        used = {}
        for path in self.folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another run was quicker
                if path != own and name.fullmatch(path.name):
                    used[path] = path.stat().st_mtime
        for path in sorted(used, key=lambda path: -used[path])[KEPT_TARGETS:]:
            if not is_locked(_lock_of(path)):
                shutil.rmtree(path, ignore_errors=True)

    def fetch(self, name: str, version: str) -> Source:
        """The crate's source as the registry has it, copied; raises with cargo's words where it cannot be had."""
        with lock(self.folder / ".lock"):
            asking = self.folder / "asking" / name
            manifest = (
                f'[package]\nname = "asking"\nversion = "0.0.0"\nedition = "2021"\n\n[dependencies.{name}]\n'
            )
            write_atomic(
                asking / "Cargo.toml", f'{manifest}version = "{version}"\ndefault-features = false\n'
            )
            write_atomic(asking / "src" / "lib.rs", "")
            rows = crate_patches.packages(asking, self.toolchain, self._variables())
            row = next((row for row in rows if row["name"] == name), None)
            if row is None:
                raise fail(f"the registry gave no `{name}`", None, "is the name right?", "crates/name")
            own = self.folder / "sources" / f"{name}-{row['version']}"
            if not own.is_dir():
                with folder_atomic(own) as fresh:
                    shutil.copytree(Path(row["manifest_path"]).parent, fresh, dirs_exist_ok=True)
                    (fresh / "Cargo.lock").unlink(missing_ok=True)
        return Source(name, str(row["version"]), own)

    def build(self, source: Source) -> Generator[Event, None, Built]:
        """Build its tests; where that fails, the crate alone."""
        rows = crate_patches.packages(source.folder, self.toolchain, self._variables())
        patched = crate_patches.patches(self.port, rows)
        done = yield from self._cargo(source, patched, "test", "--no-run", "--lib", "--tests")
        messages = list(_messages(done.stdout))
        if done.status == 0:
            return Built(True, tuple(_binaries(messages, source)), (), patched)
        lacks = tuple(_lacks(messages)) or (_last_words(done),)
        alone = yield from self._cargo(source, patched, "build", "--lib")
        return Built(alone.status == 0, (), lacks, patched)

    def _cargo(
        self, source: Source, patched: Sequence[Patched], *words: str
    ) -> Generator[Event, None, Completed]:
        verb, *more = words
        argv = [str(self.toolchain.cargo), verb, *more, "--target", self.port.target, "-j", str(self.jobs)]
        argv += ["--message-format=json", *crate_patches.config(tuple(patched))]
        running = watch(argv, cwd=source.folder, env=environment(self._variables()))
        while True:
            try:
                line = next(running).decode(errors="replace").strip()
            except StopIteration as ended:
                done: Completed = ended.value
                return done
            if line:
                yield Note(line, "debug")


def _lock_of(target: Path) -> Path:
    return target.with_name(f"{target.name}.lock")


def _messages(output: bytes) -> Iterator[dict[str, Any]]:
    for line in output.splitlines():
        if line.startswith(b"{"):
            yield json.loads(line)


def _binaries(messages: Sequence[Mapping[str, Any]], source: Source) -> Iterator[Binary]:
    """The test binaries that cargo names, and whether each has libtest's main: its manifest says it."""
    import tomllib

    manifest = tomllib.loads((source.folder / "Cargo.toml").read_text())
    own_main = {row.get("name") for row in manifest.get("test", []) if row.get("harness") is False}
    if manifest.get("lib", {}).get("harness") is False:
        own_main.add(manifest["lib"].get("name"))
    for message in messages:
        target = message.get("target", {})
        made = message.get("reason") == "compiler-artifact" and message.get("executable")
        if made and message["profile"]["test"] and not set(target["kind"]) & set(_KINDS):
            name = str(target["name"])
            yield Binary(name, Path(message["executable"]), name not in own_main)


def _lacks(messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What each package that failed says is not there, a line for each package."""
    said: dict[str, dict[str, None]] = {}
    for message in messages:
        inner = message.get("message")
        if message.get("reason") != "compiler-message" or not isinstance(inner, dict):
            continue
        if inner["level"] == "error" and inner.get("spans"):
            name = re.sub(r".*[/#]([\w-]+)[#@ ]([\d.]+).*", r"\1 \2", str(message["package_id"]))
            said.setdefault(name, {})[_cause(str(inner["message"]))] = None
    for name, causes in said.items():
        libc = sorted(cause for cause in causes if cause.startswith("libc::"))
        others = [cause for cause in causes if not cause.startswith("libc::")][:MOST_CAUSES]
        yield f"{name} lacks {', '.join([*libc, *others])}"


def _cause(text: str) -> str:
    first = text.splitlines()[0]
    found = _LIBC.search(first)
    if found:
        return f"libc::{found[1]}"
    imported = _IMPORT.match(first)
    return imported[1].replace("`", "") if imported else first


def _last_words(done: Completed) -> str:
    lines = [line for line in done.error_text.splitlines() if line.startswith("error")]
    return lines[0] if lines else f"cargo ended with status {done.status}"
