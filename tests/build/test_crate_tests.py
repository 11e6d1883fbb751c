"""build/crate_tests and crate_patches: what cargo's messages say of binaries and of what is not there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from portwright.base.files import lock
from portwright.build import crate_patches, crate_tests
from portwright.build.crate_patches import Patched
from portwright.build.crate_tests import Source


def error(package: str, text: str) -> dict[str, Any]:
    """A compiler's error as cargo passes it on."""
    inner = {"level": "error", "message": text, "spans": [{}]}
    return {
        "reason": "compiler-message",
        "package_id": f"registry+https://x.invalid/index#{package}",
        "message": inner,
    }


def test_what_is_lacking_is_named_by_package() -> None:
    """Items of libc by their path, other causes as they are; the summary at a crate's end is none."""
    summary = error("stacker@0.1.25", "aborting due to 2 previous errors")
    summary["message"]["spans"] = []
    rows = [
        error("stacker@0.1.25", "cannot find function `mmap` in crate `libc`"),
        error("stacker@0.1.25", "cannot find value `PROT_NONE` in crate `libc`\nmore"),
        error("os_pipe@1.2.3", "unresolved import `std::os::unix`"),
        summary,
        {"reason": "build-finished"},
    ]
    assert list(crate_tests._lacks(rows)) == [
        "stacker 0.1.25 lacks libc::PROT_NONE, libc::mmap",
        "os_pipe 1.2.3 lacks std::os::unix",
    ]


def test_binaries_are_those_of_tests(tmp_path: Path) -> None:
    """Not the programs and examples; a test that has its own main is known by the manifest."""
    (tmp_path / "Cargo.toml").write_text(
        '[[test]]\nname = "own"\nharness = false\n[[test]]\nname = "usual"\n'
    )

    def made(name: str, kind: str, executable: str | None, *, test: bool = True) -> dict[str, Any]:
        target = {"name": name, "kind": [kind]}
        return {
            "reason": "compiler-artifact",
            "target": target,
            "executable": executable,
            "profile": {"test": test},
        }

    rows = [
        made("lib", "lib", "/t/lib-1"),
        made("lib", "lib", None),
        made("own", "test", "/t/own-1"),
        made("usual", "test", "/t/usual-1"),
        made("tool", "bin", "/t/tool-1"),
        made("main", "bin", "/t/main", test=False),
    ]
    found = crate_tests._binaries(rows, Source("x", "1", tmp_path))
    assert [(row.name, row.path.name, row.harness) for row in found] == [
        ("lib", "lib-1", True),
        ("own", "own-1", False),
        ("usual", "usual-1", True),
    ]


def test_two_versions_of_a_crate_can_be_patched_at_once() -> None:
    """Cargo wants another key for each, and takes no inline table."""
    rows = [Patched("getrandom", "0.3.4", Path("/a b")), Patched("getrandom", "0.2.17", Path("/c"))]
    words = list(crate_patches.config(tuple(rows)))
    assert words[1::2] == [
        'patch.crates-io.getrandom-0-3-4.package="getrandom"',
        f"patch.crates-io.getrandom-0-3-4.path={json.dumps('/a b')}",
        'patch.crates-io.getrandom-0-2-17.package="getrandom"',
        'patch.crates-io.getrandom-0-2-17.path="/c"',
    ]
    assert set(words[::2]) == {"--config"}


def test_what_other_sysroots_left_is_forgotten(tmp_path: Path) -> None:
    """build/crate_tests: what is used, the other one that was used last, other targets' and what is in use stay."""
    one, two, three, four = (f"target-x86_64-a-0000000{number}" for number in range(4))
    others = ["target-x86_64-a-musl-00000001", "target-aarch64-b-00000001"]
    for age, name in enumerate([one, two, three, four, *others]):
        (tmp_path / name / "debug").mkdir(parents=True)
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    port, built = SimpleNamespace(target="x86_64-a"), SimpleNamespace(folder=Path("/p", four[7:]))
    builder = crate_tests.Builder(cast(Any, port), cast(Any, built), 1, tmp_path)
    assert not builder.busy()
    with lock(tmp_path / f"{three}.lock"), builder.using():
        assert builder.busy()
        left = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert left == {one, three, four, *others}
    with builder.using():
        assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {one, four, *others}
    assert (tmp_path / four).stat().st_mtime > 10**9, "and it is used last from now on"
