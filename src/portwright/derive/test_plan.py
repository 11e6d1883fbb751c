"""The steps that build Rust's own test suites of core, alloc and std: for a port, from its view, and for the host.

The crates that the tests need besides (`rand`) are the real ones, of the versions and with the checksums in the
library's own Cargo.lock. Suites are plain `rustc --test` calls: cargo would want every package of the lock.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from portwright.base.hashing import hash_bytes
from portwright.derive.plan import PORTWRIGHT, Input, Step
from portwright.describe.toolchain import Toolchain

PREFIX, HOST_PREFIX = "test-", "host-test-"
CRATES = "test-crates"
TESTS = "tests"
SUITE_ROOM, CRATES_ROOM = 20_000_000, 10_000_000
Kind = Literal["core", "alloc", "std-unit", "std"]


@dataclass(frozen=True, slots=True)
class Suite:
    """One test binary: `source` is its root below `library/`, `crate` what cargo calls it (tests print it);
    `harness`: it has libtest's main, not its own; `optimized`: as std is given out, else quick to build."""

    name: str
    kind: Kind
    crate: str
    source: str
    harness: bool = True
    optimized: bool = True

    @property
    def step(self) -> str:
        """The name of the step that builds it for the target."""
        return PREFIX + ("" if self.optimized else "quick-") + self.name

    @property
    def host_step(self) -> str:
        """The name of the step that builds it for this machine's own OS."""
        return HOST_PREFIX + self.name


@dataclass(frozen=True, slots=True)
class TestFacts:
    """What the steps are made from: the suites, and those wanted for the host too; the manifest and the lock of
    the crates that they need."""

    suites: tuple[Suite, ...]
    hosts: tuple[Suite, ...]
    manifest: str
    lock: str


def texts(facts: TestFacts) -> dict[str, str]:
    """The plan's texts that the steps read."""
    return {f"{CRATES}.toml": facts.manifest, f"{CRATES}.lock": facts.lock}


def steps(
    target: str,
    panic: str,
    arch: str,
    toolchain: Toolchain,
    facts: TestFacts,
    fingerprints: Mapping[str, str],
    source_digest: str,
    besides: Sequence[str] = (),
) -> tuple[Step, ...]:
    """The steps, the last of them naming all, with the steps that are needed `besides`."""
    made = [_sources(toolchain, facts, fingerprints), _crates(target, toolchain, facts, host=False)]
    made.append(_arguments(fingerprints))
    made += [_suite(target, panic, arch, toolchain, suite) for suite in facts.suites]
    if facts.hosts:
        made.append(_crates(target, toolchain, facts, host=True))
        made += [_host_suite(toolchain, suite, source_digest) for suite in facts.hosts]
    needs = (*besides, *(suite.step for suite in facts.suites), *(suite.host_step for suite in facts.hosts))
    return (*made, Step(TESTS, (), "Rust's own tests", needs=needs))


def _sources(toolchain: Toolchain, facts: TestFacts, fingerprints: Mapping[str, str]) -> Step:
    entry = "fetch-crates"
    files = ("--manifest", f"{{texts}}/{CRATES}.toml", "--lock", f"{{texts}}/{CRATES}.lock")
    inputs = tuple(
        Input(name, f"{{texts}}/{name}", hash_bytes(text.encode())) for name, text in texts(facts).items()
    )
    return Step(
        f"{CRATES}-source",
        (PORTWRIGHT, entry, "--cargo", str(toolchain.cargo), *files),
        "the crates that Rust's tests need, from cargo's registry, held to the checksums of the library's lock",
        inputs=inputs,
        outputs=("package/Cargo.toml", "package/vendor"),
        fingerprint=fingerprints[entry],
        kind="portwright",
        room=CRATES_ROOM,
    )


def _crates(target: str, toolchain: Toolchain, facts: TestFacts, *, host: bool) -> Step:
    source = f"{{{CRATES}-source}}/package"
    vendored = {"crates-io": {"replace-with": "vendored"}, "vendored": {"directory": f"{source}/vendor"}}
    argv = [str(toolchain.cargo), "build", "--manifest-path", f"{source}/Cargo.toml"]
    for name, keys in vendored.items():
        argv += [
            word
            for key, value in keys.items()
            for word in ("--config", f"source.{name}.{key}={json.dumps(value)}")
        ]
    argv += ["--release", "--offline", "--locked", *([] if host else ["--target", target])]
    env = {
        "CARGO_HOME": "{out}/cargo-home",
        "CARGO_TARGET_DIR": "{out}/target",
        "RUSTC": str(toolchain.rustc) if host else "{sysroot}/bin/rustc",
        **toolchain.environment,
    }
    return Step(
        f"host-{CRATES}" if host else CRATES,
        tuple(argv),
        f"the crates that Rust's tests need, for {'this machine' if host else 'the target'}",
        env=env,
        cwd="/",
        inputs=(_compiler(toolchain),),
        outputs=("target",),
        needs=(f"{CRATES}-source", *(() if host else ("sysroot",))),
        room=CRATES_ROOM,
    )


def _compiler(toolchain: Toolchain) -> Input:
    return Input("rustc", str(toolchain.rustc), toolchain.fingerprint or toolchain.commit)


def _arguments(fingerprints: Mapping[str, str]) -> Step:
    entry = "test-arguments"
    return Step(
        entry,
        (PORTWRIGHT, entry, "--messages", "{std}/messages.json"),
        "how cargo called rustc for std: std's own tests are std once more",
        outputs=("std-unit.args",),
        needs=("std",),
        fingerprint=fingerprints[entry],
        kind="portwright",
    )


_COMMON = ("--edition=2024", "-Zforce-unstable-if-unmarked", "--cap-lints=allow")
_OPTIMIZED = ("-Copt-level=3",)
# The largest is built in a quarter of the time; what std itself does is compiled as ever.
_QUICK = ("-Copt-level=0", "-Cdebug-assertions=off", "-Coverflow-checks=off")


def _words(suite: Suite, crates: str, sources: str, toolchain: Toolchain) -> list[str]:
    harness = ["--test"] if suite.harness else ["--cfg", "test"]
    level = _OPTIMIZED if suite.optimized else _QUICK
    argv = [*harness, *_COMMON, *level, "--crate-name", suite.crate, "-L", f"{crates}/release/deps"]
    argv += [f"--remap-path-prefix={sources}=/rustc/{toolchain.commit}/library"]
    return [*argv, "--extern", "rand", "--extern", "rand_xorshift", "-o", f"{{out}}/{suite.name}"]


def _suite(target: str, panic: str, arch: str, toolchain: Toolchain, suite: Suite) -> Step:
    argv = [
        "{sysroot}/bin/rustc",
        "--target",
        target,
        *_words(suite, f"{{{CRATES}}}/target/{target}", "{view}", toolchain),
    ]
    argv += [f"-Cpanic={panic}", *(["-Zpanic-abort-tests"] if panic == "abort" else [])]
    unit = suite.kind == "std-unit"
    argv += ["@{test-arguments}/std-unit.args"] if unit else []
    return Step(
        suite.step,
        (*argv, f"{{view}}/{suite.source}"),
        f"Rust's tests `{suite.name}` for the target",
        env={**toolchain.environment, "RUSTC_BOOTSTRAP": "1", "STD_ENV_ARCH": arch},
        cwd="/",
        outputs=(suite.name,),
        needs=("view", "sysroot", CRATES, *(("test-arguments",) if unit else ())),
        room=SUITE_ROOM,
    )


def _host_suite(toolchain: Toolchain, suite: Suite, source_digest: str) -> Step:
    assert toolchain.source is not None
    library = str(toolchain.source / "library")
    argv = [str(toolchain.rustc), *_words(suite, f"{{host-{CRATES}}}/target", library, toolchain)]
    return Step(
        suite.host_step,
        (*argv, f"{library}/{suite.source}"),
        f"Rust's tests `{suite.name}` for this machine, to compare with",
        env={**toolchain.environment, "RUSTC_BOOTSTRAP": "1"},
        cwd="/",
        inputs=(_compiler(toolchain), Input("source", library, source_digest)),
        outputs=(suite.name,),
        needs=(f"host-{CRATES}",),
        room=SUITE_ROOM,
    )
