"""`portwright record` of a build that CMake writes for ninja: configured and built anew, from what is declared alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emitted_builds import in_private_nix
from portwright.base.errors import PortwrightError
from portwright.build import tracing
from portwright.derive import recording as recordings

BUILD = ("sh", "-c", "cmake -G Ninja -B build && ninja -C build")


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    for tool in ("cmake", "ninja", "cc"):
        if shutil.which(tool) is None:
            pytest.skip(f"record: there is no `{tool}` on this machine")
    try:
        why = tracing.why_not_traced(tracing.recorder())
    except PortwrightError as error:
        why = error.faults[0].what
    if why:
        pytest.skip(f"record: {why}")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A library (its archive is packed by tools that CMake has by their full names) and a program.

    The header is renamed while it is configured, as zlib does with its own; one is only looked for, not read.
    """
    folder = tmp_path / "project"
    (folder / "lib").mkdir(parents=True)
    (folder / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.13)\nproject(p C)\n"
        "file(RENAME ${CMAKE_SOURCE_DIR}/old.h ${CMAKE_SOURCE_DIR}/kept.h)\n"
        "configure_file(number.h.in ${CMAKE_BINARY_DIR}/number.h)\nadd_subdirectory(lib)\n"
        "add_executable(app main.c unread.h)\ntarget_include_directories(app PRIVATE ${CMAKE_BINARY_DIR})\n"
        "target_link_libraries(app two)\n"
    )
    (folder / "lib" / "CMakeLists.txt").write_text("add_library(two STATIC two.c)\n")
    (folder / "lib" / "two.c").write_text("int two(void) { return 2; }\n")
    (folder / "main.c").write_text(
        '#include "number.h"\nint two(void);\nint main(void) { return two() - N; }\n'
    )
    (folder / "old.h").write_text("old\n")
    (folder / "unread.h").write_text("unread\n")
    (folder / "number.h.in").write_text("#define N 2\n")
    return folder


def test_configured_and_built(project: Path, portwright: Callable[..., Any]) -> None:
    file = project.parent / "r.json"
    done = portwright("record", "-o", file, "--", *BUILD, cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    recording = recordings.from_json(file.read_text())
    assert recording.portable and not any(seen.impurities for seen in recording.seen.values())
    by_type = {step.type: step for step in recording.plan.steps}
    configured = by_type["cmake"]
    assert "$SRC/build/number.h" in configured.outputs
    notes = recording.seen[configured.name].notes
    assert {"$SRC/build/build.ninja", "$SRC/build/CMakeCache.txt"} <= set(notes), (
        "ninja's, and they name folders"
    )
    assert {"$SRC/unread.h", "$SRC/lib/two.c", "$SRC/old.h"} <= {row.path for row in configured.inputs}
    assert {"$WRAP/ar", "$WRAP/ranlib"} <= {path for step in recording.plan.steps for path in step.outputs}
    again = portwright("replay", file)
    assert again.returncode == 0, again.stdout + again.stderr
    assert f"the same: {len(recording.plan.steps)} steps" in again.stdout
    emitted = portwright("emit", file, "--to", "sh", "-o", project.parent / "sh", "--verify")
    assert emitted.returncode == 0, emitted.stdout + emitted.stderr


def test_a_launcher_and_a_compiler_by_its_full_path(project: Path, portwright: Callable[..., Any]) -> None:
    """A launcher (as ccache is one) of a compiler that CMake was given: past the wrapper, which is said."""
    (project / "launch").write_text('#!/bin/sh\nexec "$@"\n')
    (project / "launch").chmod(0o755)
    file = project.parent / "r.json"
    launched = f"cmake -G Ninja -B build -DCMAKE_C_COMPILER_LAUNCHER={project}/launch && ninja -C build"
    assert portwright("record", "-o", file, "--", "sh", "-c", launched, cwd=project).returncode == 0
    recording = recordings.from_json(file.read_text())
    assert recording.portable and not any(seen.impurities for seen in recording.seen.values())
    compiled = [
        step for step in recording.plan.steps if "$SRC/build/lib/CMakeFiles/two.dir/two.c.o" in step.outputs
    ]
    assert compiled[0].type == "cc" and compiled[0].argv[0] == shutil.which("cc"), (
        "it only led to the compiler"
    )
    again = portwright("replay", file)
    assert again.returncode == 0, again.stdout + again.stderr
    (project / "kept.h").rename(project / "old.h")
    shutil.rmtree(project / "build")
    full = f"cmake -G Ninja -B build -DCMAKE_C_COMPILER={shutil.which('cc')} && ninja -C build"
    assert portwright("record", "-o", file, "--", "sh", "-c", full, cwd=project).returncode == 0
    recording = recordings.from_json(file.read_text())
    kinds = {one.kind for seen in recording.seen.values() for one in seen.impurities}
    assert kinds & {"not-remapped", "not-portable"}


def test_a_source_that_nobody_saw_is_not_called_changed_by_hand(
    project: Path, portwright: Callable[..., Any]
) -> None:
    """Read, then overwritten: what it held is gone; the recording says so, and is refused with that reason."""
    (project / "Makefile").write_text("all:\n\tcat old.h > copy\n\techo new > old.h\n")
    file = project.parent / "r.json"
    assert portwright("record", "-o", file, "--", "make", cwd=project).returncode == 0
    done = portwright("replay", file)
    assert done.returncode == 2 and "by hand" not in done.stderr
    assert "reads '$SRC/old.h', and what that held was not seen when it was recorded" in done.stderr


@pytest.mark.skipif(
    shutil.which("nix-build") is None, reason="nix-build: not on this machine (Debian: nix-bin)"
)
def test_by_nix(project: Path, portwright: Callable[..., Any]) -> None:
    file = project.parent / "r.json"
    assert portwright("record", "-o", file, "--", *BUILD, cwd=project).returncode == 0
    with in_private_nix(project.parent / "nix") as env:
        words = ("emit", file, "--to", "nix", "-o", project.parent / "emitted", "--verify")
        done = portwright(*words, env={name: env[name] for name in env if name.startswith("NIX_")})
    assert done.returncode == 0, done.stdout + done.stderr
